"""Places points on a face by an ensemble of regression trees, to fractions of a pixel.

After Kazemi and Sullivan, "One millisecond face alignment with an ensemble of regression trees"
(2014), in the form dlib gave it: level by level, pixels beside the points are compared, and the
leaves that the comparisons lead to move the points. dlib looks at whole pixels and gives whole
pixels back, so it wants a large picture of the face. Here the light is taken between the pixels of
the picture as it is, and the leaves are kept in 16 bits, half of what has to come from memory.

From one frame of a recording to the next three trees of four lead to the leaf they led to before.
The sums are of whole numbers, so the leaves that changed can be taken out and put in, and nothing
depends on what was looked at before but the time it takes.
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


class Room(NamedTuple):
    """What one thread works in, and which leaves it came to last."""

    leaf: npt.NDArray[np.int8]  # (levels, trees): -1: to none yet
    sums: npt.NDArray[np.int32]  # (levels, 2 * points): of those leaves
    light: npt.NDArray[np.float32]  # (places,)
    changed: npt.NDArray[np.int64]  # (2, trees): trees that led elsewhere, and where


def room_for(trees: Trees) -> Room:
    """Return room to work in that came to no leaves yet."""
    levels, count, _ = trees.limits.shape
    return Room(
        np.full((levels, count), -1, np.int8),
        np.zeros((levels, trees.mean.size), np.int32),
        np.empty(trees.anchors.shape[1], np.float32),
        np.empty((2, count), np.int64),
    )


def placed(trees: Trees, picture: Grey, onto: Floats, room: Room | None = None) -> Floats:
    """Return the points in the picture, given the similarity (2, 3) that brings the square there.

    Beyond its edges the picture goes on as it ends.
    """
    if not picture.size or not np.isfinite(onto).all():
        return np.full(trees.mean.shape, np.nan)
    points = np.empty(trees.mean.shape)
    _place(
        np.ascontiguousarray(picture), np.ascontiguousarray(onto), *trees, points,
        *(room_for(trees) if room is None else room),
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
    leaf: npt.NDArray[np.int8],
    sums: npt.NDArray[np.int32],
    light: npt.NDArray[np.float32],
    changed: npt.NDArray[np.int64],
) -> int:
    """Move the points from the mean; return a number that is of no use, but has to be worked out.

    The room is handed over: made in here, it takes seconds longer to compile.
    """
    levels, trees, splits = limits.shape
    touched = 0
    count = mean.shape[0]
    for point in range(count):
        points[point, 0], points[point, 1] = mean[point, 0], mean[point, 1]
    for level in range(levels):
        _look(picture, onto, mean, points, anchors, beside, level, light)
        others = 0
        for tree in range(trees):
            node = 0
            while node < splits:
                one, other = pairs[level, tree, node, 0], pairs[level, tree, node, 1]
                right = not light[one] - light[other] > limits[level, tree, node]
                node = 2 * node + 1 + right
            changed[0, others], changed[1, others] = tree, node - splits
            others += 1 if leaf[level, tree] != node - splits else 0
        # Leaves lie far apart in memory, and come sooner if they are all asked for at once.
        for n in range(others):
            tree, new = changed[0, n], changed[1, n]
            old = max(leaf[level, tree], 0)
            for place in range(0, 2 * count, _LINE):
                touched += leaves[level, tree, new, place]
                touched += leaves[level, tree, old, place]
        for n in range(others):
            tree, new = changed[0, n], changed[1, n]
            if leaf[level, tree] >= 0:
                _swap(leaves[level, tree, leaf[level, tree]], leaves[level, tree, new], sums[level])
            else:
                _add(leaves[level, tree, new], sums[level])
            leaf[level, tree] = new
        for point in range(count):
            points[point, 0] += units[level] * sums[level, 2 * point]
            points[point, 1] += units[level] * sums[level, 2 * point + 1]
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
def _swap(
    old: npt.NDArray[np.int16], new: npt.NDArray[np.int16], moved: npt.NDArray[np.int32]
) -> None:
    for place in range(moved.shape[0]):
        moved[place] += np.int32(new[place]) - np.int32(old[place])


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
