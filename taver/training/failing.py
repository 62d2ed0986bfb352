"""What is said when a step cannot be made: where a loss stopped being a number, what batch fits."""

from __future__ import annotations

import math
import traceback
from typing import TYPE_CHECKING, Any, Final

import torch

from taver.core.errors import TaverError
from taver.training import checkpoint, models

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.training.config import TrainingConfig
    from taver.training.resume import Job, Progressing

_CAREFUL: Final = 3e-5  # a learning rate
# What oneDNN says when it finds no room, and of some other troubles, too.
_PERHAPS = ("could not create a primitive", "could not execute a primitive", "bad allocation")
_CPU_WORDS = ("not enough memory", "can't allocate memory", "Cannot allocate memory")


def not_finite(
    job: Job,
    state: Progressing,
    where: str | None,
    loss: float | None,
    clips: npt.NDArray[np.int64],
) -> TaverError:
    """Say at which clips and in which layer numbers ended; no loss: it was seen before saving."""
    at = f"(epoch {state.epoch + 1})"
    if loss is None:
        what = f"The weights give no numbers any more after step {state.step} {at}"
    elif math.isfinite(loss):
        what = f"The gradients are no longer numbers in step {state.step + 1} {at}"
    else:
        what = f"The loss is no longer a number in step {state.step + 1} {at}"
    if (job.folder / checkpoint.LAST).is_file():
        kept = "last.ckpt is as it was saved before; go on from there more carefully"
    else:
        kept = "nothing was saved yet; begin again, in the same --out, more carefully"
    rate = min(_CAREFUL, job.config.optimiser.learning_rate / 3)
    return TaverError(
        f"{what}: {where or 'the labels or the loss itself'}",
        fix=f"{kept} with --set optimiser.learning_rate={rate:.1g}; if it happens there again, "
        "look at the clips, and begin anew in another --out",
        problems=[f"in the batch: {job.training.told(int(clip))}" for clip in clips],
    )


def gradients_end(model: torch.nn.Module) -> str | None:
    """Say which gradients would leave weights or their moments no numbers; None: all are fine."""
    found = {name: w.grad for name, w in model.named_parameters() if w.grad is not None}
    if bool(torch.isfinite(torch.nn.utils.get_total_norm(found.values()))):
        return None
    for name, gradient in found.items():
        if not bool(torch.isfinite(gradient).all()):
            return f"those of {name}"
    return "their squares are beyond all numbers"


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on a GPU or on this machine."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(words in str(error) for words in (*_CPU_WORDS, *_PERHAPS))


class NoRoomError(Exception):
    """Memory ran out at a batch of so many clips in this process."""

    def __init__(self, batch: int, error: BaseException) -> None:
        super().__init__(str(error))
        self.batch = batch
        self.error = error


def forget(*errors: BaseException) -> None:
    """Let go of all that was under way: it would take the room that smaller batches need."""
    for error in errors:
        traceback.clear_frames(error.__traceback__)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def out_of_memory(
    model: torch.nn.Module, config: TrainingConfig, fabric: Any, no_room: NoRoomError
) -> BaseException:
    """Try smaller batches, and say which fits; what was an error of something else stays it."""
    batch, error, processes = no_room.batch, no_room.error, fabric.world_size
    model.zero_grad(set_to_none=True)
    forget(no_room, error)
    if processes > 1:
        # The weights of this one still wait for the other processes' gradients.
        model = models.build(config.model).to(fabric.device)
    fits = batch // 2
    while fits and not _fits(model, config, fabric, fits):
        fits //= 2
    each = f" ({batch} in each of {processes} processes)" if processes > 1 else ""
    what = (
        f"A batch of {batch * processes} clips{each} does not fit into the memory of the "
        f"{fabric.device.type}"
    )
    if not fits:
        return no_room_at_all(error, what)
    return TaverError(
        f"{what}; one of {fits * processes} does",
        fix=f"begin anew, in another --out, with --set optimiser.batch={fits * processes}; or free "
        "memory, and give the same command again: it goes on from what was saved last",
    )


def no_room_at_all(error: BaseException, what: str) -> BaseException:
    """Say that not a single clip fits; what was an error of something else stays it."""
    if any(words in str(error) for words in _PERHAPS):
        return error
    return TaverError(
        f"{what}, nor does a single clip",
        fix="take a smaller model: --width 0.25, or fewer frames: --set model.length=8",
    )


def _fits(model: torch.nn.Module, config: TrainingConfig, fabric: Any, batch: int) -> bool:
    device = fabric.device
    try:
        size = config.model.size_px
        pictures = {
            modality: torch.zeros(
                (batch, models.CHANNELS[modality], config.model.length, size, size), device=device
            )
            for modality in config.modalities
        }
        with fabric.autocast():
            outputs = model(pictures)
        outputs.float().sum().backward()
        # Adam keeps two more numbers for each weight, which may not be there yet.
        kept = [torch.empty_like(weight) for weight in model.parameters() for _ in range(2)]
        del kept
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    finally:
        model.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return True


def where(model: torch.nn.Module, pictures: dict[str, torch.Tensor]) -> str | None:
    """Run the batch again, and say what is first not finite; None: everything is."""
    for modality, values in pictures.items():
        if not bool(torch.isfinite(values).all()):
            return f"the {modality} pictures hold what is no number"
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            return f"the weights {name} are no longer numbers"
    first: list[str] = []

    def watch(name: str) -> Any:
        def look(_: torch.nn.Module, __: Any, output: Any) -> None:
            flat = output if isinstance(output, torch.Tensor) else None
            if flat is not None and not first and not bool(torch.isfinite(flat).all()):
                first.append(name)

        return look

    hooks = [
        module.register_forward_hook(watch(name)) for name, module in model.named_modules() if name
    ]
    try:
        with torch.no_grad():
            model(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    return f"first in the layer {first[0]}" if first else None
