"""The 68 landmarks of iBUG's scheme as places on the mesh.

0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-59 lips outside, 60-67 lips inside.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import store
from capture.sim.head.places import PLACES_MM

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]


def of(vertices_mm: Floats) -> Float64:
    """Return the landmarks (68, 3) of a person whose vertices these are."""
    corners, weights = _attached()
    return np.asarray((vertices_mm[corners].astype(np.float64) * weights[..., None]).sum(axis=1))


@functools.lru_cache(maxsize=1)
def _attached() -> tuple[npt.NDArray[np.int32], Float64]:
    """Return for each landmark a triangle of the mesh (68, 3), and weights of its corners."""
    anatomy = store.load()
    triangles = anatomy.triangles["skin"]
    corners = anatomy.vertices_mm[triangles].astype(np.float64)
    near = np.zeros((len(PLACES_MM), 3), np.int32)
    weights = np.zeros((len(PLACES_MM), 3))
    for i, place in enumerate(PLACES_MM):
        away, shares = _nearest(corners, np.array(place))
        best = int(np.argmin(away))
        near[i], weights[i] = triangles[best], shares[best]
    return near, weights


def _nearest(corners: Float64, place: Float64) -> tuple[Float64, Float64]:
    """Return how far each triangle (T, 3, 3) is from a place, and the nearest point's weights.

    The foot of the perpendicular; outside the triangle its weights are clipped, which is near
    enough to choose a triangle of a fine mesh.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    u, v, w = b - a, c - a, place - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = np.maximum(uu * vv - uv * uv, 1e-12)
    shares = np.zeros((len(corners), 3))
    shares[:, 1] = (vv * wu - uv * wv) / area
    shares[:, 2] = (uu * wv - uv * wu) / area
    shares[:, 0] = 1 - shares[:, 1] - shares[:, 2]
    shares = np.maximum(shares, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    foot = (corners * shares[..., None]).sum(axis=1)
    return np.linalg.norm(foot - place, axis=1), shares
