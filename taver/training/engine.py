"""Where a run computes: Lightning Fabric for the device, the precision and several processes."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import numpy as np

from taver.core.errors import InputError
from taver.core.extras import need
from taver.training import data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt
    import torch

    from taver.training.config import Device, Machine, TrainingConfig
    from taver.training.samples import Samples


# It tells at length of processes that it starts; in each of them this has to be said again.
_LOG: Final = logging.getLogger("lightning_fabric")
_LOG.setLevel(logging.WARNING)


def fabric_for(machine: Machine, *, processes: int = 1) -> Any:
    """Return a Fabric for this machine; `processes` share each batch."""
    lightning = need("lightning_fabric", extra="train", to="train")
    torch = need("torch", extra="train", to="train")
    kind = _kind(machine)
    if kind == "cuda" and torch.cuda.device_count() < processes:
        raise InputError(
            f"torch can use {torch.cuda.device_count()} GPUs here, not {processes}",
            fix="give --device cpu, or install a torch with CUDA: see docs/training.md",
        )
    strategy: Any = "auto"
    if processes > 1:
        from lightning_fabric.strategies.ddp import DDPStrategy

        backend = "nccl" if kind == "cuda" else "gloo"
        strategy = DDPStrategy(process_group_backend=backend, start_method="spawn")
    _LOG.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # It knows of GPUs, TPUs and notebooks that are there and not used; we chose.
        warnings.simplefilter("ignore")
        return lightning.Fabric(
            accelerator=kind,
            devices=processes,
            strategy=strategy,
            precision="bf16-mixed" if precision(machine) == "bf16" else "32-true",
        )


def here(machine: Machine, device: Device | None = None) -> Machine:
    """Return where a run that was trained on `machine` is computed here: what is read anywhere.

    A device that was asked for is taken; that of the run only if it is there. bfloat16 and threads
    are taken as far as this machine has them.
    """
    cores = os.cpu_count() or 1
    if device is None and machine.device == "cuda":
        device = "auto"
    return msgspec.structs.replace(
        machine,
        device=device or machine.device,
        precision="auto" if machine.precision == "bf16" else machine.precision,
        threads=min(machine.threads, cores),
        processes=1,
    )


def precision(machine: Machine) -> Literal["fp32", "bf16"]:
    """Return what is computed in: bfloat16 if it is asked for, or if the device has it."""
    if machine.precision == "auto":
        return "bf16" if _has_bf16(_kind(machine)) else "fp32"
    return machine.precision


def advice(machine: Machine) -> str | None:
    """Return what had better be chosen otherwise, if anything."""
    if machine.precision != "bf16" or _has_bf16(_kind(machine)):
        return None
    return (
        "machine.precision is bf16, and this processor does not compute in bfloat16: every number "
        "is converted, and a step takes many times as long as in float32. Choose "
        "machine.precision=fp32, or auto for what is fastest here."
    )


def _kind(machine: Machine) -> Literal["cpu", "cuda"]:
    if machine.device != "auto":
        return machine.device
    torch = need("torch", extra="train", to="train")
    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_bf16(kind: str) -> bool:
    torch = need("torch", extra="train", to="train")
    if kind == "cuda":
        return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  torch has no other


@contextlib.contextmanager
def threads(machine: Machine, *, processes: int = 1) -> Iterator[int]:
    """Compute in so many threads inside the block; tell how many these are."""
    torch = need("torch", extra="train", to="train")
    before = torch.get_num_threads()
    wanted = machine.threads or (max(1, before // processes) if processes > 1 else before)
    torch.set_num_threads(wanted)
    try:
        yield wanted
    finally:
        torch.set_num_threads(before)


def predictions(
    model: torch.nn.Module,
    samples: Samples,
    config: TrainingConfig,
    device: torch.device,
    *,
    batch: int = 0,
    told: Callable[[int], None] | None = None,
) -> npt.NDArray[np.float64]:
    """Return what the model says of each clip: (clips, outputs).

    Where memory runs out, smaller batches are taken: what is said of a clip does not hang on them.
    """
    import torch

    from taver.training import failing

    found = np.empty((len(samples.clips), len(config.targets)))
    loader = data.Loader(samples, config.modalities, config.scaling, pin=device.type == "cuda")
    size, done = batch or config.optimiser.batch, 0
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            while done < len(found):
                plan = data.in_order(np.arange(done, len(found)), size)
                feed = loader.batches(plan, largest=size)
                try:
                    for some in feed:
                        outputs = model(some.scaled(device, config.scaling))
                        found[some.clips] = outputs.float().cpu().numpy()
                        done += len(some.clips)
                        if told is not None:
                            told(len(some.clips))
                except (RuntimeError, MemoryError) as error:
                    if not failing.is_out_of_memory(error):
                        raise
                    if size == 1:
                        what = f"A clip does not fit into the memory of the {device.type}"
                        raise failing.no_room_at_all(error, what) from None
                    failing.forget(error)
                finally:
                    feed.close()
                    loader.let_go()
                size = max(1, size // 2)
    finally:
        model.train(was_training)
    return found
