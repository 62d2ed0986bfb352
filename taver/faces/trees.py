"""Places points on a face by an ensemble of regression trees, to fractions of a pixel.

After Kazemi and Sullivan, "One millisecond face alignment with an ensemble of regression trees"
(2014), in the form dlib gave it: level by level, pixels beside the points are compared, and the
leaves that the comparisons lead to move the points. dlib looks at whole pixels and gives whole
pixels back, so it wants a large picture of the face. Here the light is taken between the pixels of
the picture as it is, and the leaves are kept in 16 bits, half of what has to come from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.faces.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.finder import Grey
    from taver.faces.points import Floats

_LINE: Final = 32  # numbers of 16 bits that come from memory together


class Trees(NamedTuple):
    """An ensemble; a place is a share of the square that a face fills, from its first corner."""

    mean: Floats  # (points, 2): where everything begins
    anchors: npt.NDArray[np.int32]  # (levels, places): the point beside which a place is
    beside: Floats  # (levels, places, 2): by how much, on the mean face
    pairs: npt.NDArray[np.uint16]  # (levels, trees, splits, 2): the places that are compared
    limits: npt.NDArray[np.float32]  # (levels, trees, splits): brighter by more than this: left
    leaves: npt.NDArray[np.int16]  # (levels, trees, splits + 1, 2 * points): moves, in units
    units: Floats  # (levels,)


def placed(trees: Trees, picture: Grey, onto: Floats) -> Floats:
    """Return the points in the picture, given the similarity (2, 3) that brings the square there.

    Beyond its edges the picture goes on as it ends.
    """
    if not picture.size or not np.isfinite(onto).all():
        return np.full(trees.mean.shape, np.nan)
    points = trees.mean.copy()
    _place(
        np.ascontiguousarray(picture), np.ascontiguousarray(onto), *trees, points,
        np.empty(trees.anchors.shape[1], np.float32), np.empty(trees.limits.shape[1], np.int64),
        np.empty(2 * len(points), np.int32),
    )  # fmt: skip
    return points


@compiled
def _place(
    picture: Grey,
    onto: Floats,
    mean: Floats,
    anchors: npt.NDArray[np.int32],
    beside: Floats,
    pairs: npt.NDArray[np.uint16],
    limits: npt.NDArray[np.float32],
    leaves: npt.NDArray[np.int16],
    units: Floats,
    points: Floats,
    light: npt.NDArray[np.float32],
    reached: npt.NDArray[np.int64],
    moved: npt.NDArray[np.int32],
) -> int:
    """Move the points from the mean; return a number that is of no use, but has to be worked out.

    The last three are room to work in: made in here, they take seconds longer to compile.
    """
    levels, trees, splits = limits.shape
    touched = 0
    count = mean.shape[0]
    for level in range(levels):
        _look(picture, onto, mean, points, anchors, beside, level, light)
        for tree in range(trees):
            node = 0
            while node < splits:
                one, other = pairs[level, tree, node, 0], pairs[level, tree, node, 1]
                left = light[one] - light[other] > limits[level, tree, node]
                node = 2 * node + (1 if left else 2)
            reached[tree] = node - splits
        # Leaves lie far apart in memory, and come sooner if they are all asked for at once.
        for tree in range(trees):
            for place in range(0, 2 * count, _LINE):
                touched += leaves[level, tree, reached[tree], place]
        # Whole numbers, so that the order of the sum does not matter to the last bit.
        for place in range(2 * count):
            moved[place] = 0
        for tree in range(trees):
            _add(leaves[level, tree, reached[tree]], moved)
        for point in range(count):
            points[point, 0] += units[level] * moved[2 * point]
            points[point, 1] += units[level] * moved[2 * point + 1]
    for point in range(count):
        x, y = points[point, 0], points[point, 1]
        points[point, 0] = onto[0, 0] * x + onto[0, 1] * y + onto[0, 2]
        points[point, 1] = onto[1, 0] * x + onto[1, 1] * y + onto[1, 2]
    return touched


@compiled
def _add(leaf: npt.NDArray[np.int16], moved: npt.NDArray[np.int32]) -> None:
    for place in range(moved.shape[0]):
        moved[place] += leaf[place]


@compiled
def _look(
    picture: Grey,
    onto: Floats,
    mean: Floats,
    points: Floats,
    anchors: npt.NDArray[np.int32],
    beside: Floats,
    level: int,
    light: npt.NDArray[np.float32],
) -> None:
    """Write how bright the picture is at the places that belong to the points where they are."""
    along, across = _turn(mean, points)
    high, wide = picture.shape
    for place in range(light.shape[0]):
        anchor = anchors[level, place]
        dx, dy = beside[level, place, 0], beside[level, place, 1]
        x = points[anchor, 0] + along * dx - across * dy
        y = points[anchor, 1] + across * dx + along * dy
        u = onto[0, 0] * x + onto[0, 1] * y + onto[0, 2]
        v = onto[1, 0] * x + onto[1, 1] * y + onto[1, 2]
        u = min(max(0.0, u), wide - 1.0)  # in this order what is no number becomes 0
        v = min(max(0.0, v), high - 1.0)
        left, top = int(u), int(v)
        right, bottom = min(left + 1, wide - 1), min(top + 1, high - 1)
        by_x, by_y = u - left, v - top
        above = (1.0 - by_x) * picture[top, left] + by_x * picture[top, right]
        below = (1.0 - by_x) * picture[bottom, left] + by_x * picture[bottom, right]
        light[place] = np.float32((1.0 - by_y) * above + by_y * below)


@compiled
def _turn(mean: Floats, points: Floats) -> tuple[float, float]:
    """Return cosine and sine, times the scale, of the similarity nearest from mean to points."""
    count = mean.shape[0]
    mean_x, mean_y, x, y = 0.0, 0.0, 0.0, 0.0
    for point in range(count):
        mean_x += mean[point, 0] / count
        mean_y += mean[point, 1] / count
        x += points[point, 0] / count
        y += points[point, 1] / count
    size, along, across = 0.0, 0.0, 0.0
    for point in range(count):
        a, b = mean[point, 0] - mean_x, mean[point, 1] - mean_y
        c, d = points[point, 0] - x, points[point, 1] - y
        size += a * a + b * b
        along += a * c + b * d
        across += a * d - b * c
    return along / size, across / size
