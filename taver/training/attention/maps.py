"""Attention over each frame of a recording, clip after clip, with the pictures it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from taver.dataset import select
from taver.training import data
from taver.training.samples import Samples, held

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import torch

    from taver.dataset.read import Recording
    from taver.training.config import TrainingConfig

_BATCH = 4


class Looked(NamedTuple):
    """A recording at the clips' rate: what was seen, and where was looked."""

    recording: str
    slots: npt.NDArray[np.int64]  # (clips, frames)
    color: npt.NDArray[np.uint8]  # (clips, frames, height, width, 3)
    maps: npt.NDArray[np.float32]  # (clips, frames, height, width); 1 on average of each frame
    landmarks: npt.NDArray[np.float32]  # (clips, frames, 68, 2), in pixels of the crop


def looked(
    model: torch.nn.Module,
    recording: Recording,
    config: TrainingConfig,
    device: torch.device,
    *,
    told: Callable[[int], None] | None = None,
) -> Looked:
    """Return where a model looks in the clips of a recording; labels are not looked at."""
    import torch

    options = msgspec.structs.replace(config.clip_options, labels=(), stride=None)
    clips, _ = select.clips(recording, options)
    clips = [held(clip) for clip in clips]
    shown = Samples({recording.name: recording}, clips, np.zeros((len(clips), 0), np.float32))
    loader = data.Loader(shown, config.modalities, config.scaling)
    maps = []
    bare = _bare(model)
    bare.eval()
    with torch.inference_mode():
        for batch in loader.batches(data.in_order(len(clips), _BATCH), largest=_BATCH):
            found = bare.attention(batch.scaled(device, config.scaling)).float().cpu().numpy()
            maps.append(found / found.mean(axis=(2, 3), keepdims=True))
            if told is not None:
                told(len(batch.clips))
    size, length = config.model.size_px, config.model.length
    slots = np.array([clip.slots for clip in clips], np.int64).reshape(-1, length)
    color = recording.pictures("color", slots.ravel())
    return Looked(
        recording.name,
        slots,
        color.reshape(*slots.shape, size, size, 3),
        np.concatenate(maps) if maps else np.empty((0, length, size, size), np.float32),
        recording.column("landmarks")[slots],
    )


def _bare(model: Any) -> Any:
    """Return the model itself, out of what a device was given to compute with."""
    return getattr(model, "module", model)
