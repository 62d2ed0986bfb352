"""Reads the trees out of a file that dlib's train_shape_predictor wrote.

What is in it, one after the other: its version; the mean shape; for each level its trees, each its
splits (two places, a limit) and its leaves; for each level the points beside which its places are;
for each level by how much they are beside them. `packed` says how numbers are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.faces.compiled import compiled
from taver.faces.packed import NONE, fraction, fractions, must_be, number, numbers
from taver.faces.trees import Trees

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.packed import Bytes
    from taver.faces.points import Floats

_VERSION: Final = 1
_MOST_LEAVES: Final = 2**26  # of numbers in all leaves, four times those of the usual model
_MOST: Final = 2**15 - 1


def trees_of(data: Bytes) -> Trees | None:
    """Return the ensemble, or None if that is not what the file's bytes are."""
    packed = np.asarray(data)
    head = np.zeros(6, np.int64)  # version, two sides, levels, trees, splits
    at = numbers(packed, 0, head[:3])
    count = int(-head[1])
    if at == NONE or head[0] != _VERSION or head[2] != -1 or not 2 <= count <= 4096:
        return None
    mean = np.zeros(count)
    at = fractions(packed, at, mean)
    if at == NONE or count % 2 or numbers(packed, at, head[3:]) == NONE:
        return None
    levels, trees, splits = head[3:].tolist()
    if min(levels, trees, splits) < 1 or max(levels, trees, splits) > 2**16:
        return None
    leaves_shape = (levels, trees, splits + 1, count)
    if (splits + 1) & splits or levels * trees * (splits + 1) * count > _MOST_LEAVES:
        return None
    pairs = np.zeros((levels, trees, splits, 2), np.uint16)
    limits = np.zeros((levels, trees, splits), np.float32)
    leaves, units = np.zeros(leaves_shape, np.int16), np.zeros(levels)
    at = _forests(packed, at, pairs, limits, leaves, units)
    sides = np.zeros(2, np.int64)  # levels, places of the first
    if at == NONE or numbers(packed, at, sides) == NONE or sides[0] != levels:
        return None
    places = int(sides[1])
    if not pairs.max() < places <= 2**16:
        return None
    anchors, beside = np.zeros((levels, places), np.int32), np.zeros((levels, places, 2))
    at = _anchors(packed, at, anchors)
    if at == NONE or anchors.min() < 0 or anchors.max() >= count // 2:
        return None
    if _beside(packed, at, beside) != len(packed):
        return None
    return Trees(mean.reshape(-1, 2), anchors, beside, pairs, limits, leaves, units)


@compiled
def _forests(
    packed: Bytes,
    at: int,
    pairs: npt.NDArray[np.uint16],
    limits: npt.NDArray[np.float32],
    leaves: npt.NDArray[np.int16],
    units: Floats,
) -> int:
    """Write every level's trees; return where the next thing is."""
    levels, trees, splits = limits.shape
    count = leaves.shape[3]
    exact = np.empty((trees, splits + 1, count), np.float32)
    at = must_be(packed, at, levels)
    for level in range(levels):
        at = must_be(packed, at, trees)
        largest = 0.0
        for tree in range(trees):
            at = must_be(packed, at, splits)
            for split in range(splits):
                for one in range(2):
                    place, at = number(packed, at)
                    if not 0 <= place < 65536:
                        return NONE
                    pairs[level, tree, split, one] = place
                limits[level, tree, split], at = fraction(packed, at)
            at = must_be(packed, at, splits + 1)
            for leaf in range(splits + 1):
                at = must_be(packed, at, -count)
                at = must_be(packed, at, -1)
                if at == NONE:
                    return NONE
                for place in range(count):
                    move, at = fraction(packed, at)
                    exact[tree, leaf, place] = move
                    largest = max(largest, abs(move))
        units[level] = largest / _MOST if largest > 0.0 else 1.0
        for tree in range(trees):
            for leaf in range(splits + 1):
                for place in range(count):
                    leaves[level, tree, leaf, place] = np.int16(
                        np.rint(exact[tree, leaf, place] / units[level])
                    )
    return at


@compiled
def _anchors(packed: Bytes, at: int, anchors: npt.NDArray[np.int32]) -> int:
    """Write the point beside which each place is; return where the next thing is."""
    levels, places = anchors.shape
    at = must_be(packed, at, levels)
    for level in range(levels):
        at = must_be(packed, at, places)
        for place in range(places):
            point, at = number(packed, at)
            anchors[level, place] = point if 0 <= point < 65536 else -1
    return at


@compiled
def _beside(packed: Bytes, at: int, beside: Floats) -> int:
    """Write by how much each place is beside its point; return where the next thing is."""
    levels, places, _ = beside.shape
    at = must_be(packed, at, levels)
    for level in range(levels):
        at = must_be(packed, at, places)
        for place in range(places):
            beside[level, place, 0], at = fraction(packed, at)
            beside[level, place, 1], at = fraction(packed, at)
    return at
