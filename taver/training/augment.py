"""Clips changed a little on the way to the network: flipped, and colour as another lamp gives it.

One draw a clip: every frame and every modality of it is flipped alike, and only colour is changed
in contrast and tint; a temperature or a distance stays what it was. A draw follows from the seed,
the epoch and the clip, so that it is the same in whichever process the clip is trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import numpy as np

from taver.core.config import Section

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Augment(Section, frozen=True, kw_only=True):
    """How much is changed at most; the paper names the kinds and gives no numbers."""

    flip: Share = 0.5  # of the clips
    contrast: Share = 0.2  # 0.8 to 1.2 times, about the clip's mean
    color: Share = 0.1  # each of red, green and blue 0.9 to 1.1 times


class Draws(NamedTuple):
    """What was drawn for each clip of a batch."""

    flip: npt.NDArray[np.bool_]
    contrast: npt.NDArray[np.float32]
    tint: npt.NDArray[np.float32]  # (clips, 3)


def draw(augment: Augment, clips: npt.NDArray[np.int64], *, seed: int, epoch: int) -> Draws:
    """Draw for these clips of the training part in this epoch."""
    chance = np.stack([
        np.random.default_rng([seed, epoch, int(clip)]).random(5, np.float32) for clip in clips
    ])  # fmt: skip
    return Draws(
        flip=chance[:, 0] < augment.flip,
        contrast=1 + augment.contrast * (2 * chance[:, 1] - 1),
        tint=1 + augment.color * (2 * chance[:, 2:] - 1),
    )


def augmented(batch: dict[str, torch.Tensor], draws: Draws) -> dict[str, torch.Tensor]:
    """Return the scaled pictures (clips, channels, frames, height, width) as drawn."""
    import torch

    found = {}
    for modality, pictures in batch.items():
        where = pictures.device
        flip = torch.from_numpy(draws.flip).to(where)[:, None, None, None, None]
        changed = torch.where(flip, pictures.flip(-1), pictures)
        if modality == "color":
            contrast = torch.from_numpy(draws.contrast).to(where)[:, None, None, None, None]
            tint = torch.from_numpy(draws.tint).to(where)[:, :, None, None, None]
            mean = changed.mean(dim=(1, 2, 3, 4), keepdim=True)
            # Tint is of light: black, which is -1 here, stays black.
            changed = ((mean + contrast * (changed - mean) + 1) * tint - 1).clamp(-1.0, 1.0)
        found[modality] = changed
    return found
