"""Where a face goes in its crop: turned upright, and always to the same places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from taver.faces import similarity
from taver.faces.points import LEFT_EYE, NOSE, RIGHT_EYE, RIGID, mean_mm

if TYPE_CHECKING:
    from taver.faces.points import Floats

Alignment = Literal["rigid", "eyes-nose", "eyes"]
SIZE_PX: Final = 96
POINTS: Final[dict[str, tuple[int, ...]]] = {
    "rigid": RIGID,  # stands stillest
    "eyes-nose": (*NOSE, *LEFT_EYE, *RIGHT_EYE),  # as in the paper
    "eyes": (*LEFT_EYE, *RIGHT_EYE),  # their two middles
}
# Of the crop's width: the points take this much of it, the chin's comes so far down, and the
# forehead has what is left above, for it matters to the thermal picture.
_WIDE: Final = 0.76
_CHIN: Final = 0.95
_FEWEST: Final = 4
_FEWEST_OF_AN_EYE: Final = 3
# How much a rigid point counts, where not 1. On the even ridge of a nose and at its wings a model
# finds its points least surely: counting them less takes a sixth off the crop's error.
_WEIGHTS: Final = {27: 0.25, 28: 0.25, 29: 0.25, 30: 0.5, 31: 0.4, 35: 0.4}


def template(size_px: int = SIZE_PX) -> Floats:
    """Return where the 68 points of the mean face lie in a crop of that size."""
    flat = mean_mm()[:, :2]
    scale = _WIDE / np.ptp(flat[:, 0])
    placed = flat * scale
    placed += (0.5, _CHIN - placed[:, 1].max())
    # A pixel's whole-numbered coordinate is its centre.
    return np.asarray(placed * size_px - 0.5)


def matrix(landmarks: Floats, alignment: str = "rigid", size_px: int = SIZE_PX) -> Floats:
    """Return the similarity (..., 2, 3) from a picture to the crop, given (..., 68, 2) in it.

    Points that are NaN are left out; where fewer than four are left, or fewer than three of an
    eye where the eyes are all that counts, the matrix is NaN.
    """
    aim = template(size_px)
    if alignment == "eyes":
        sides = [_middles(landmarks, aim, list(eye)) for eye in (LEFT_EYE, RIGHT_EYE)]
        middles, aims = (np.stack(pair, axis=-2) for pair in zip(*sides, strict=True))
        return similarity.fit(middles, aims)
    chosen = list(POINTS[alignment])
    told = _WEIGHTS if alignment == "rigid" else {}
    weights = np.array([told.get(point, 1.0) for point in chosen])
    picked = landmarks[..., chosen, :]
    found = similarity.fit(picked, aim[chosen], weights)
    there = np.asarray(np.isfinite(picked).all(axis=-1))
    some = ~there.all(axis=-1) & (there.sum(axis=-1) >= _FEWEST)
    for at in np.argwhere(some):
        place = tuple(at.tolist())
        mine = there[place]
        found[place] = similarity.fit(picked[place][mine], aim[chosen][mine], weights[mine])
    return found


def _middles(landmarks: Floats, aim: Floats, eye: list[int]) -> tuple[Floats, Floats]:
    """Return the middle of those points of an eye that are known, and where that one goes."""
    points = landmarks[..., eye, :]
    known = np.isfinite(points).all(axis=-1, keepdims=True)
    count = known.sum(axis=-2).astype(np.float64)
    count[count < _FEWEST_OF_AN_EYE] = np.nan
    middle = np.where(known, points, 0.0).sum(axis=-2) / count
    return middle, np.where(known, aim[eye], 0.0).sum(axis=-2) / count
