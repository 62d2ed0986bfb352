"""Which GPUs there are, and whether the installed torch was built for them."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from taver.cli.diagnosis.finding import Finding, Section, State

PATIENCE_S = 15  # the first call after a start wakes the driver


def findings() -> list[Finding]:
    """Say which NVIDIA GPUs there are, and what torch would run on."""
    cards = _cards()
    has_gpu = any(card.state is State.OK for card in cards)
    return [*cards, *_torch(has_gpu=has_gpu)]


def build(torch: Distribution) -> str:
    """Return which kind of processor an installed torch was built for, by its metadata."""
    label = torch.version.partition("+")[2]
    if label.startswith("cu"):
        return "CUDA"
    if label.startswith("rocm"):
        return "ROCm"
    # On PyPI the CUDA build for Linux has no label, but asks for NVIDIA's packages.
    asks = any(r.startswith(("nvidia-", "cuda-")) for r in torch.requires or ())
    return "CUDA" if asks and label != "cpu" else "CPU"


def _cards() -> list[Finding]:
    if shutil.which("nvidia-smi") is None:
        return [_note("NVIDIA", "none: training and building run on the processor")]
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(
            query, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [_note("NVIDIA", f"nvidia-smi did not answer: {error}")]
    if told.returncode:
        said = " ".join((told.stdout + told.stderr).split())
        return [_note("NVIDIA", f"nvidia-smi failed ({told.returncode}): {said}")]
    return [_card(line) for line in told.stdout.splitlines() if line.strip()]


def _card(line: str) -> Finding:
    name, *rest = (part.strip() for part in line.split(","))
    memory, driver = (*rest, "?", "?")[:2]
    return Finding(
        section=Section.GPUS,
        name="NVIDIA",
        state=State.OK,
        detail=f"{name.removeprefix('NVIDIA ')}, {memory}, driver {driver}",
    )


def _torch(*, has_gpu: bool) -> list[Finding]:
    try:
        torch = distribution("torch")
    except PackageNotFoundError:
        return []
    kind = build(torch)
    if kind == "CPU" and has_gpu:
        return [
            _note(
                "torch",
                f"{torch.version}, a CPU build: it cannot use the GPU",
                "choose a CUDA build on https://pytorch.org/get-started/locally",
            )
        ]
    unused = ", which runs on the processor here" if kind != "CPU" and not has_gpu else ""
    return [_note("torch", f"{torch.version}, a {kind} build{unused}")]


def _note(name: str, said: str, install: str = "") -> Finding:
    return Finding(section=Section.GPUS, name=name, state=State.NOTE, detail=said, install=install)
