"""How much of the attention lies on each part of the face, against what evenly spread would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.training.attention.maps import Looked

# Of the 68 points; what lies in the box around them, with a margin, belongs to the part.
_PARTS: Final = {
    "brows": slice(17, 27),
    "nose": slice(27, 36),
    "eyes": slice(36, 48),
    "mouth": slice(48, 68),
}
_MARGIN: Final = 0.03  # of the crop's side


class Share(NamedTuple):
    """How much of a frame a part of the face is, and how much of the attention, on average."""

    part: str
    area: float
    attention: float


def shares(seen: Looked) -> list[Share]:
    """Return the shares of each part, in frames whose landmarks are known; parts may overlap."""
    points = seen.landmarks.reshape(-1, *seen.landmarks.shape[2:])
    maps = seen.maps.reshape(-1, *seen.maps.shape[2:])
    known = np.isfinite(points).all(axis=(1, 2))
    points, maps = points[known], maps[known]
    if not len(maps):
        return []
    found, anywhere = [], np.zeros(maps.shape, bool)
    for part, which in _PARTS.items():
        inside = _inside(points[:, which], maps.shape[-1])
        anywhere |= inside
        found.append(_share(part, inside, maps))
    return [*found, _share("elsewhere", ~anywhere, maps)]


def _share(part: str, inside: npt.NDArray[np.bool_], maps: npt.NDArray[np.float32]) -> Share:
    total = maps.sum(axis=(1, 2))
    there = (maps * inside).sum(axis=(1, 2))
    return Share(part, float(inside.mean()), float((there / total).mean()))


def _inside(points: npt.NDArray[np.float32], size_px: int) -> npt.NDArray[np.bool_]:
    margin = _MARGIN * size_px
    low, high = points.min(axis=1) - margin, points.max(axis=1) + margin
    at = np.arange(size_px)
    x = (at >= low[:, :1]) & (at <= high[:, :1])
    y = (at >= low[:, 1:]) & (at <= high[:, 1:])
    inside: npt.NDArray[np.bool_] = y[:, :, None] & x[:, None, :]
    return inside
