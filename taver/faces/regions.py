"""Parts of a face whose temperature researchers ask for, as polygons over the points.

A corner of a polygon is a weighted sum of points, so a region moves and turns with the face.
Forehead and eye surroundings reach beyond the points.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.extras import need
from taver.faces.points import COUNT, LEFT_EYE, MIRRORED, RIGHT_EYE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from taver.faces.points import Floats

Corner = dict[int, float]  # point: weight; weights add up to 1

_LEAST_PX: Final = 6  # of a region; fewer tell nothing


class Region(NamedTuple):
    """A polygon, and one that is cut out of it."""

    outline: tuple[Corner, ...]
    without: tuple[Corner, ...] = ()


class Warmth(NamedTuple):
    """How warm a region is."""

    mean_k: float  # NaN where it is not seen
    pixels: int


def _between(a: int, b: int, share: float) -> Corner:
    """Return the corner this share of the way from a to b."""
    return {a: 1.0 - share, b: share}


def _about(points: tuple[int, ...], grown: float) -> tuple[Corner, ...]:
    """Return the points pushed away from their middle so many times."""
    part = (1.0 - grown) / len(points)
    return tuple({p: part + (grown if p == point else 0.0) for p in points} for point in points)


def _above(point: int, share: float) -> Corner:
    """Return the place above a brow, by a share of the length of the nose."""
    return {point: 1.0, 27: share, 33: -share}


def _mirrored(corners: tuple[Corner, ...]) -> tuple[Corner, ...]:
    return tuple({MIRRORED[p]: weight for p, weight in corner.items()} for corner in corners)


_CHEEK: Final = (
    _between(41, 48, 0.3), _between(40, 31, 0.5), _between(31, 48, 0.4), _between(48, 3, 0.4),
    _between(2, 36, 0.4),
)  # fmt: skip
_LIPS: Final = tuple(range(48, 60))
REGIONS: Final = {
    "nose_tip": Region((
        _between(30, 29, 0.5), _between(30, 35, 0.6), _between(30, 33, 0.7), _between(30, 31, 0.6),
    )),
    "cheek_left": Region(_CHEEK),
    "cheek_right": Region(_mirrored(_CHEEK)),
    "forehead": Region((_above(18, 0.3), _above(18, 0.8), _above(25, 0.8), _above(25, 0.3))),
    "periorbital_left": Region(_about(LEFT_EYE, 1.5)),
    "periorbital_right": Region(_about(RIGHT_EYE, 1.5)),
    "perioral": Region(_about(_LIPS, 1.5), tuple({p: 1.0} for p in _LIPS)),
}  # fmt: skip


def _weights(corners: tuple[Corner, ...]) -> Floats:
    """Return the corners as a matrix (corners, 68) that places them."""
    weights = np.zeros((len(corners), COUNT))
    for row, corner in enumerate(corners):
        for point, weight in corner.items():
            weights[row, point] += weight
    return weights


# All corners of all outlines, one region after the other; and those of what is cut out.
_OUTLINES: Final = np.concatenate([_weights(region.outline) for region in REGIONS.values()])
_BEGINS: Final = np.cumsum([0, *(len(region.outline) for region in REGIONS.values())])
_WITHOUT: Final = {name: _weights(one.without) for name, one in REGIONS.items() if one.without}


def corners(region: str, landmarks: Floats) -> Floats:
    """Return the corners of a region's outline in the picture the points are of."""
    return _placed(_weights(REGIONS[region].outline), landmarks)


def warmth(
    picture: npt.NDArray[Any], landmarks: Floats, kelvin: Callable[[Any], Any] = np.asarray
) -> dict[str, Warmth]:
    """Return the mean temperature of every region; of one that is not all in the picture, none.

    `kelvin` makes temperatures of a part of the picture, where it holds something else.
    """
    cv2 = need("cv2", extra="faces", to="measure temperatures of faces")
    told = dict.fromkeys(REGIONS, Warmth(float("nan"), 0))
    high, wide = picture.shape
    placed = _placed(_OUTLINES, landmarks)
    low = np.floor(np.minimum.reduceat(placed, _BEGINS[:-1]))
    top = np.ceil(np.maximum.reduceat(placed, _BEGINS[:-1]))
    there = (low >= 0) & (top < (wide, high))  # what is not known is not
    inside = np.asarray(there.all(axis=1))
    if not inside.any():
        return told
    left, above = low[inside].min(axis=0).astype(int).tolist()
    right, below = top[inside].max(axis=0).astype(int).tolist()
    part = kelvin(picture[above : below + 1, left : right + 1])
    at = np.rint(placed - np.repeat(low, np.diff(_BEGINS), axis=0))
    for number, name in enumerate(REGIONS):
        if not inside[number]:
            continue
        x, y = low[number].astype(int).tolist()
        across, down = (top[number] - low[number] + 1).astype(int).tolist()
        mask = np.zeros((down, across), np.uint8)
        cv2.fillPoly(mask, [at[_BEGINS[number] : _BEGINS[number + 1]].astype(np.int32)], 1)
        if name in _WITHOUT:
            hole = _placed(_WITHOUT[name], landmarks)
            if np.isfinite(hole).all():
                cv2.fillPoly(mask, [np.rint(hole - low[number]).astype(np.int32)], 0)
        y, x = y - above, x - left
        count = cv2.countNonZero(mask)
        mean_k = cv2.mean(part[y : y + down, x : x + across], mask=mask)[0]
        if count >= _LEAST_PX and math.isfinite(mean_k):
            told[name] = Warmth(mean_k, count)
    return told


def _placed(weights: Floats, landmarks: Floats) -> Floats:
    """Return where corners are; NaN where a point that counts is."""
    known = np.isfinite(landmarks)
    if known.all():
        return np.asarray(weights @ landmarks)
    placed = weights @ np.where(known, landmarks, 0.0)
    placed[(weights != 0).astype(np.float64) @ ~known > 0] = np.nan
    return np.asarray(placed)
