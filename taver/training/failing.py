"""What is said when a step cannot be made: where a loss stopped being a number, what batch fits."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import torch

from taver.core.errors import TaverError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.training.config import TrainingConfig
    from taver.training.samples import Samples

# What oneDNN says when it finds no room, and of some other troubles, too.
_PERHAPS = ("could not create a primitive", "could not execute a primitive", "bad allocation")
_CPU_WORDS = ("not enough memory", "can't allocate memory", "Cannot allocate memory")


def not_finite(
    model: torch.nn.Module,
    pictures: dict[str, torch.Tensor],
    samples: Samples,
    clips: npt.NDArray[np.int64],
    step: int,
    epoch: int,
) -> TaverError:
    """Say at which clips and in which layer numbers ended."""
    return TaverError(
        f"The loss is no longer a number in step {step + 1} (epoch {epoch + 1}): "
        f"{_where(model, pictures)}",
        fix="everything before that step is saved; go on more carefully with --set "
        "optimiser.learning_rate=3e-5, and look at the clips if it happens there again",
        problems=[f"in the batch: {samples.told(int(clip))}" for clip in clips],
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on a GPU or on this machine."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(words in str(error) for words in (*_CPU_WORDS, *_PERHAPS))


class NoRoomError(Exception):
    """Memory ran out at a batch of so many clips."""

    def __init__(self, batch: int, error: BaseException) -> None:
        super().__init__(str(error))
        self.batch = batch
        self.error = error

    def forget(self) -> None:
        """Let go of all that was under way: it would take the room that smaller batches need."""
        for error in (self, self.error):
            traceback.clear_frames(error.__traceback__)


def out_of_memory(
    model: torch.nn.Module, config: TrainingConfig, device: torch.device, no_room: NoRoomError
) -> BaseException:
    """Try smaller batches, and say which fits; what was an error of something else stays it."""
    no_room.forget()
    batch, error = no_room.batch, no_room.error
    model.zero_grad(set_to_none=True)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    fits = batch // 2
    while fits and not _fits(model, config, device, fits):
        fits //= 2
    what = f"A batch of {batch} clips does not fit into the memory of the {device.type}"
    if not fits:
        if any(words in str(error) for words in _PERHAPS):
            return error
        return TaverError(
            f"{what}, nor does a single clip",
            fix="take a smaller model: --width 0.25, or fewer frames: --set model.length=8",
        )
    return TaverError(
        f"{what}; one of {fits} does",
        fix=f"begin anew, in another --out, with --set optimiser.batch={fits}",
    )


def _fits(model: torch.nn.Module, config: TrainingConfig, device: torch.device, batch: int) -> bool:
    try:
        size = config.model.size_px
        pictures = {
            modality: torch.zeros(
                (batch, 3 if modality == "color" else 1, config.model.length, size, size),
                device=device,
            )
            for modality in config.modalities
        }
        model(pictures).sum().backward()
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


def _where(model: torch.nn.Module, pictures: dict[str, torch.Tensor]) -> str:
    """Run the batch again, and say what is first not finite."""
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
    return f"first in the layer {first[0]}" if first else "the labels or the loss itself"
