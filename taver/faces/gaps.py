"""Short gaps are filled from the frames around them, long ones stay gaps."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.clock import NS_PER_S
from taver.faces.chips import size_of
from taver.faces.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.faces.points import Floats

    States = npt.NDArray[np.uint8]
    Times = npt.NDArray[np.int64]

_FARTHEST: Final = 0.7  # of a face's size: then it went somewhere in between, nobody knows how


def filled(
    points: Floats, states: States, unix_ns: Times, longest_s: float
) -> tuple[Floats, States]:
    """Return points and states with every gap filled that lasts no longer than this.

    A gap lasts from the last frame before it to the first one after it. Between those two points
    move along lines, as in the paper. At the ends of a recording nothing is made up.
    """
    whole, told = points.copy(), states.copy()
    for first, end in runs(states == State.LOST):
        if first == 0 or end == len(states):
            continue
        before, after = first - 1, end
        lasts_s = (int(unix_ns[after]) - int(unix_ns[before])) / NS_PER_S
        if lasts_s > longest_s or not _near(points[before], points[after]):
            continue
        for at in range(first, end):
            share = (int(unix_ns[at]) - int(unix_ns[before])) / NS_PER_S / max(lasts_s, 1e-9)
            whole[at] = (1 - share) * points[before] + share * points[after]
        told[first:end] = State.INTERPOLATED
    return whole, told


def runs(where: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each stretch of true ones."""
    padded = np.concatenate([[False], where, [False]])
    (edges,) = np.nonzero(padded[1:] != padded[:-1])
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def unbroken(points: Floats, unix_ns: Times) -> Iterator[tuple[int, int]]:
    """Yield stretches in which there are points in every frame, and no frame was lost in time."""
    if not len(unix_ns):
        return
    there = np.isfinite(points[:, 0, 0])
    steps = np.diff(unix_ns)
    usual = float(np.median(steps)) if len(steps) else 0.0
    torn = np.concatenate([[False], steps > 2.5 * usual])
    for first, end in runs(there):
        inside = [first, *(first + 1 + np.flatnonzero(torn[first + 1 : end])).tolist(), end]
        yield from itertools.pairwise(inside)


def _near(before: Floats, after: Floats) -> bool:
    off = float(np.linalg.norm(before.mean(axis=0) - after.mean(axis=0)))
    return off < _FARTHEST * size_of(before)
