"""A step of TRAN on a GPU, with --device cuda: clips a second, against the plain way, and peak.

gpu_clips_per_s          forward, backward and Adam in bfloat16, replayed as a CUDA graph, at the
                         better of the batch sizes; _64 and _256 each. Only this bench makes graphs
gpu_eager_clips_per_s    the same step without a graph, _64 and _256
gpu_loop_clips_per_s     what taver train-baseline itself does a second, steps one by one: pictures
                         read and scaled, augmented, learnt from; at 64 clips
gpu_vs_eager_naive       against one convolution a gate and step, float32, at 64 clips
gpu_share_of_bf16_peak   of what a large matrix product reaches on the same card
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import datasets
import torch
from torch.nn.functional import mse_loss
from training_steps.one_step import batch

from taver.training import checkpoint, config, training
from taver.training.models import ModelConfig, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BATCHES = (64, 256)
FLOP_A_CLIP = 114.8e9  # forward and backward
_WARM, _TIMED, _SIDE = 3, 10, 8192


def measured(quick: bool, folder: Path) -> dict[str, float | bool | str | None]:
    """Return the figures of the first GPU."""
    torch.backends.cudnn.benchmark = True
    figures: dict[str, float | bool | str | None] = {
        "gpu": torch.cuda.get_device_name(0),
        "gpu_torch": f"{torch.__version__}, CUDA {torch.version.cuda}",
    }
    naive = BATCHES[0] / _seconds(_step("literal", BATCHES[0], half=False))
    peak = _peak()
    for clips in BATCHES[:1] if quick else BATCHES:
        step = _step("fast", clips, half=True)
        figures[f"gpu_eager_clips_per_s_{clips}"] = clips / _seconds(step)
        figures[f"gpu_clips_per_s_{clips}"] = rate = clips / _seconds(_graphed(step))
        figures[f"gpu_share_of_bf16_peak_{clips}"] = rate * FLOP_A_CLIP / peak
        torch.cuda.empty_cache()
    figures["gpu_loop_clips_per_s"] = _loop(folder, "machine.device=cuda", "machine.precision=bf16")
    best = max(figures[f"gpu_clips_per_s_{clips}"] for clips in (BATCHES[:1] if quick else BATCHES))
    return figures | {"gpu_clips_per_s": best, "gpu_vs_eager_naive": best / naive}


def _loop(folder: Path, *words: str) -> float:
    """Train two epochs as the command does; return the clips a second of the warm one."""
    # Overlapping clips: three batches an epoch of two people's 40 seconds.
    store = datasets.make_dataset(folder / "loop.zarr", people=4, seconds=40)
    chosen = config.changed(
        config.TrainingConfig(), f"optimiser.batch={BATCHES[0]}", "clips.stride=1",
        "optimiser.epochs=2", "optimiser.patience=0", "protocol.unit=clip", *words,
    )  # fmt: skip
    training.run(store, folder / "loop", chosen)
    rest = checkpoint.load(folder / "loop" / checkpoint.LAST).rest
    return training.history_of(rest)[-1].clips_per_s


def _step(schedule: str, clips: int, *, half: bool) -> Callable[[], None]:
    torch.manual_seed(0)
    chosen = ModelConfig()
    model = build(chosen).cuda()
    model.schedule = schedule
    pictures = {name: values.cuda() for name, values in batch(chosen, clips).items()}
    labels = torch.zeros(clips, 1, device="cuda")
    optimiser = torch.optim.Adam(model.parameters(), 1e-4, capturable=True)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=half, cache_enabled=False):
            outputs = model(pictures)
        mse_loss(outputs.float(), labels).backward()
        optimiser.step()

    return step


def _graphed(step: Callable[[], None]) -> Callable[[], None]:
    """Return the step as one graph: thousands of small launches become one."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def _seconds(step: Callable[[], object]) -> float:
    for _ in range(_WARM):
        step()
    torch.cuda.synchronize()
    began_s = time.perf_counter()
    for _ in range(_TIMED):
        step()
    torch.cuda.synchronize()
    return (time.perf_counter() - began_s) / _TIMED


def _peak() -> float:
    """Return how many operations a second a large product in bfloat16 makes."""
    one = torch.randn(_SIDE, _SIDE, device="cuda", dtype=torch.bfloat16)
    return 2 * _SIDE**3 / _seconds(lambda: one @ one)
