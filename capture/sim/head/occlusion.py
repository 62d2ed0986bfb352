"""How much light from all around reaches each vertex of a mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.render.raster import PLANE, raster

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_DIRECTIONS = 64
_SIZE = 256
_SLACK = 1.5e-3  # of the mesh's extent: how far behind the nearest surface still counts as seen


def openness(vertices_mm: Floats, triangles: Ints) -> Floats:
    """Return for each vertex the share of directions above its surface that nothing blocks.

    The mesh is drawn from points all round it without perspective; where a vertex lies behind what
    is drawn, it is in the shade from there.
    """
    used = np.unique(triangles)
    low, high = vertices_mm[used].min(axis=0), vertices_mm[used].max(axis=0)
    points = (vertices_mm - (low + high) / 2) / np.float32(np.linalg.norm(high - low) / 2)
    normals = vertex_normals(points, triangles)
    seen_from = np.zeros(len(points))
    above = np.full(len(points), 1e-6)
    both = np.full(len(triangles), 2, np.uint8)
    planes = np.zeros((len(triangles), PLANE), np.float32)
    for direction in _around():
        side = np.cross([0.3, 0.9, 0.2], direction)
        side /= np.linalg.norm(side)
        up = np.cross(direction, side)
        x, y = _along(points, side), _along(points, up)
        height = _along(points, direction)  # higher is nearer to where the light comes from
        xy = (np.stack([x, y], axis=1) * (_SIZE / 2 - 2) + _SIZE / 2).astype(np.float32)
        nearest = np.zeros((_SIZE, _SIZE), np.float32)
        seen = np.full((_SIZE, _SIZE), -1, np.int32)
        raster(xy, (height + 2).astype(np.float32), triangles, both, nearest, seen, planes)
        column, row = np.clip(np.rint(xy).astype(np.int64), 0, _SIZE - 1).T
        open_here = height + 2 >= nearest[row, column] - _SLACK * 8
        facing = np.maximum(_along(normals, direction), 0.0)
        seen_from += facing * open_here
        above += facing
    return np.asarray(seen_from / above, np.float32)


def _along(vectors: Floats, way: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the product with one direction, summed in the same order on every machine."""
    return np.asarray(vectors[:, 0] * way[0] + vectors[:, 1] * way[1] + vectors[:, 2] * way[2])


def vertex_normals(points: Floats, triangles: Ints) -> Floats:
    """Return the unit normals, outwards, each the mean of its triangles by their area."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    across = np.cross(c - a, b - a).astype(np.float64)  # clockwise from outside, with y down
    sums = np.zeros(points.shape)
    for axis in range(3):
        for corner in range(3):
            sums[:, axis] += np.bincount(triangles[:, corner], across[:, axis], len(points))
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(length, 1e-12), np.float32)


def _around() -> npt.NDArray[np.float64]:
    """Return directions spread evenly over the sphere (a Fibonacci lattice)."""
    i = np.arange(_DIRECTIONS) + 0.5
    height = 1 - 2 * i / _DIRECTIONS
    turn = np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(turn), height, ring * np.sin(turn)], axis=1)
