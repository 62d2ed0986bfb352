"""Which of many points is nearest to each of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


def nearest(points_mm: npt.ArrayLike, among_mm: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return for each of the points (N, 3) the number of the nearest of `among_mm` (M, 3)."""
    points, among = np.asarray(points_mm, np.float32), np.asarray(among_mm, np.float32)
    found = np.zeros(len(points), np.int64)
    _search(np.ascontiguousarray(points), np.ascontiguousarray(among), found)
    return found


@compiled
def _search(points: Floats, among: Floats, found: npt.NDArray[np.int64]) -> None:
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        best = np.float32(np.inf)
        for k in range(among.shape[0]):
            dx, dy, dz = among[k, 0] - x, among[k, 1] - y, among[k, 2] - z
            away = dx * dx + dy * dy + dz * dz
            if away < best:
                best = away
                found[i] = k
