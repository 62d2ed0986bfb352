"""Parts of a face whose temperature researchers ask for, as polygons over the points.

A corner of a polygon is a weighted sum of points, so a region moves and turns with the face.
Forehead and eye surroundings reach beyond the points.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.extras import need
from taver.faces.compiled import compiled
from taver.faces.points import LEFT_EYE, MIRRORED, RIGHT_EYE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


class _Corners(NamedTuple):
    """Corners as what is compiled takes them: their points one after the other, with weights."""

    begins: npt.NDArray[np.int64]  # (corners + 1,)
    points: npt.NDArray[np.int64]
    weights: Floats


def _flat(corners: Sequence[Corner]) -> _Corners:
    return _Corners(
        np.cumsum([0, *(len(corner) for corner in corners)]),
        np.array([point for corner in corners for point in corner], np.int64),
        np.array([weight for corner in corners for weight in corner.values()]),
    )


# All corners of all outlines, one region after the other; and those of what is cut out.
_OUTLINES: Final = _flat([one for region in REGIONS.values() for one in region.outline])
_BEGINS: Final = np.cumsum([0, *(len(region.outline) for region in REGIONS.values())])
_WITHOUT: Final = {name: _flat(one.without) for name, one in REGIONS.items() if one.without}


def corners(region: str, landmarks: Floats) -> Floats:
    """Return the corners of a region's outline in the picture the points are of."""
    return _placed(_flat(REGIONS[region].outline), landmarks)


class Laid:
    """The regions laid over a picture of which not all may be there yet."""

    def __init__(self, landmarks: Floats, high: int, wide: int) -> None:
        self._landmarks = np.require(landmarks, np.float64, ["C", "W"])
        self._placed = _placed(_OUTLINES, self._landmarks)
        self._ends = np.empty((len(REGIONS), 4), np.int64)
        self._part = _bound(self._placed, _BEGINS, (high, wide), self._ends)

    @property
    def rows(self) -> slice:
        """Return which rows of the picture are looked at."""
        return slice(self._part[1], self._part[3])

    def warmth(
        self, picture: npt.NDArray[Any], kelvin: Callable[[Any], Any] = np.asarray
    ) -> dict[str, Warmth]:
        """Return the mean temperature of every region; of one not all in the picture, none.

        `kelvin` makes temperatures of a part of the picture, where it holds something else.
        """
        cv2 = need("cv2", extra="faces", to="measure temperatures of faces")
        told = dict.fromkeys(REGIONS, Warmth(float("nan"), 0))
        left, above, right, below = self._part
        if right <= left:
            return told
        part = np.ascontiguousarray(kelvin(picture[above:below, left:right]))
        at = np.rint(self._placed)
        for number, (name, (x, y, across, down)) in enumerate(
            zip(REGIONS, self._ends.tolist(), strict=True)
        ):
            if not across:
                continue
            mask = np.zeros((down, across), np.uint8)
            outline = at[_BEGINS[number] : _BEGINS[number + 1]] - (x, y)
            cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
            if name in _WITHOUT:
                hole = _placed(_WITHOUT[name], self._landmarks)
                if np.isfinite(hole).all():
                    cv2.fillPoly(mask, [np.rint(hole - (x, y)).astype(np.int32)], 0)
            total_k, count = _sum(part, mask, x - left, y - above)
            if count >= _LEAST_PX and math.isfinite(total_k):
                told[name] = Warmth(total_k / count, count)
        return told


def warmth(
    picture: npt.NDArray[Any], landmarks: Floats, kelvin: Callable[[Any], Any] = np.asarray
) -> dict[str, Warmth]:
    """Return the mean temperature of every region of a whole picture; see `Laid.warmth`."""
    return Laid(landmarks, *picture.shape).warmth(picture, kelvin)


def _placed(corners: _Corners, landmarks: Floats) -> Floats:
    """Return where corners are; NaN where a point that counts is."""
    placed = np.empty((len(corners.begins) - 1, 2))
    _place(*corners, landmarks, placed)
    return placed


@compiled
def _place(
    begins: npt.NDArray[np.int64],
    points: npt.NDArray[np.int64],
    weights: Floats,
    landmarks: Floats,
    placed: Floats,
) -> None:
    for corner in range(placed.shape[0]):
        for axis in range(2):
            total = 0.0
            for n in range(begins[corner], begins[corner + 1]):
                total += weights[n] * landmarks[points[n], axis]
            placed[corner, axis] = total


@compiled
def _bound(
    placed: Floats,
    begins: npt.NDArray[np.int64],
    size: tuple[int, int],
    ends: npt.NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Write left, top, width and height of each outline; 0 of one that is not all in the picture.

    Return left, top, right and bottom of all that are.
    """
    left, above, right, below = size[1], size[0], 0, 0
    for region in range(ends.shape[0]):
        x, y, end_x, end_y = np.inf, np.inf, -np.inf, -np.inf
        known = True
        for corner in range(begins[region], begins[region + 1]):
            at_x, at_y = placed[corner, 0], placed[corner, 1]
            known = known and np.isfinite(at_x) and np.isfinite(at_y)
            x, end_x = min(x, np.floor(at_x)), max(end_x, np.ceil(at_x))
            y, end_y = min(y, np.floor(at_y)), max(end_y, np.ceil(at_y))
        if not (known and x >= 0 and y >= 0 and end_x < size[1] and end_y < size[0]):
            ends[region] = 0
            continue
        ends[region, 0], ends[region, 1] = int(x), int(y)
        ends[region, 2], ends[region, 3] = int(end_x - x) + 1, int(end_y - y) + 1
        left, above = min(left, int(x)), min(above, int(y))
        right, below = max(right, int(end_x) + 1), max(below, int(end_y) + 1)
    return left, above, right, below


@compiled
def _sum(
    part: npt.NDArray[Any], mask: npt.NDArray[np.uint8], left: int, top: int
) -> tuple[float, int]:
    """Return the sum of a part's pixels that are masked from there on, and how many they are."""
    total, count = 0.0, 0
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            if mask[row, column]:
                total += part[top + row, left + column]
                count += 1
    return total, count
