"""Parts of a face whose temperature researchers ask for, as polygons over the points.

A corner of a polygon is a weighted sum of points, so a region moves and turns with the face.
Forehead and eye surroundings reach beyond the points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.extras import need
from taver.faces.points import LEFT_EYE, MIRRORED, RIGHT_EYE

if TYPE_CHECKING:
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


def corners(region: str, landmarks: Floats) -> Floats:
    """Return the corners of a region's outline in the picture the points are of."""
    return _placed(REGIONS[region].outline, landmarks)


def warmth(kelvin: npt.NDArray[np.float32], landmarks: Floats) -> dict[str, Warmth]:
    """Return the mean temperature of every region; of one that is not all in the picture, none."""
    return {name: _warmth(kelvin, region, landmarks) for name, region in REGIONS.items()}


def _warmth(kelvin: npt.NDArray[np.float32], region: Region, landmarks: Floats) -> Warmth:
    cv2 = need("cv2", extra="faces", to="measure temperatures of faces")
    high, wide = kelvin.shape
    outline = _placed(region.outline, landmarks)
    if not np.isfinite(outline).all():
        return Warmth(float("nan"), 0)
    low, top = np.floor(outline.min(axis=0)).astype(int), np.ceil(outline.max(axis=0)).astype(int)
    if (low < 0).any() or top[0] >= wide or top[1] >= high:
        return Warmth(float("nan"), 0)
    mask = np.zeros((top[1] - low[1] + 1, top[0] - low[0] + 1), np.uint8)
    for points, value in ((outline, 1), (_placed(region.without, landmarks), 0)):
        if len(points) and np.isfinite(points).all():
            cv2.fillPoly(mask, [np.rint(points - low).astype(np.int32)], value)
    inside = kelvin[low[1] : top[1] + 1, low[0] : top[0] + 1][mask > 0]
    if len(inside) < _LEAST_PX or not np.isfinite(inside).all():
        return Warmth(float("nan"), 0)
    return Warmth(float(inside.mean()), len(inside))


def _placed(outline: tuple[Corner, ...], landmarks: Floats) -> Floats:
    """Return where the corners are; NaN where a point that counts is."""
    at = np.array([[x, y] for x, y in (_corner(corner, landmarks) for corner in outline)])
    return at.reshape(-1, 2)


def _corner(corner: Corner, landmarks: Floats) -> Floats:
    points, weights = list(corner), np.array(list(corner.values()))
    return np.asarray(weights @ landmarks[points])
