"""A shirt whose collar lies round the neck and whose picture is woven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain
from capture.sim.head.cutting import Cut, cut
from capture.sim.head.nearest import nearest
from capture.sim.head.occlusion import vertex_normals
from capture.sim.render.raster import PLANE, raster

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.anatomy import Anatomy
    from capture.sim.head.identity import Identity

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_MIDDLE_Z_MM = 84.0
_OPENING_MM = (70.0, 50.0)  # of a collar of size 1, to the sides and to front and back
_BELOW_HEAD_MM = 118.0
_FOLDED_MM = 146.0  # below the eyes
_AROUND, _SECTION = 80, 8
_BELT = 0.6  # of the way from the shoulders to the shirt's end, where trousers begin
_TROUSERS = (46.0, 50.0, 60.0)
_COLLAR_MM = (6.0, 8.5)  # how thick and how high it is, from its middle


def outside_mm(points_mm: Floats, size: float) -> Floats:
    """Return how far from the collar's opening places on the body are; inside is negative.

    What belongs to the head, and not to neck or shoulders, is far inside.
    """
    y, z = points_mm[..., 1], points_mm[..., 2]
    return np.where(_on_torso(y, z), _from_opening_mm(points_mm, size), -100).astype(np.float32)


def _from_opening_mm(points_mm: Floats, size: float) -> Floats:
    """Return how far from the opening places are, seen from above."""
    wide, deep = (half * size for half in _OPENING_MM)
    off = np.hypot(points_mm[..., 0] / wide, (points_mm[..., 2] - _MIDDLE_Z_MM) / deep)
    return np.asarray((off - 1) * 58, np.float32)


def _on_torso(y: Floats, z: Floats) -> npt.NDArray[np.bool_]:
    """Tell what is below the head: the chin reaches farther down in front."""
    return np.asarray(y > _BELOW_HEAD_MM + 1.3 * np.maximum(40 - z, 0))


def fitted(anatomy: Anatomy, vertices_mm: Floats, who: Identity) -> Floats:
    """Return the vertices with the shirt worn loosely, and the skin below it out of its way."""
    outside = outside_mm(anatomy.vertices_mm, who.collar)
    fitted_mm = vertices_mm.copy()
    shirt = np.unique(anatomy.triangles["shirt"])
    normals = vertex_normals(vertices_mm, anatomy.triangles["shirt"])[shirt]
    fitted_mm[shirt] += normals * np.float32(7)
    # Round the neck the mesh climbs higher than a collar: fold it down on the shoulders.
    fitted_mm[shirt, 1] += 0.85 * np.maximum(_FOLDED_MM - anatomy.vertices_mm[shirt, 1], 0)
    skin = np.unique(anatomy.triangles["skin"])
    normals = vertex_normals(vertices_mm, anatomy.triangles["skin"])[skin]
    fitted_mm[skin] -= normals * (18 * np.clip((outside[skin] + 3) / 9, 0, 1))[:, None]
    return fitted_mm.astype(np.float32)


def opened(anatomy: Anatomy, who: Identity) -> Cut:
    """Return the shirt with its opening cut out."""
    outside = _from_opening_mm(anatomy.vertices_mm, who.collar) + 5  # up to under the band
    return cut(anatomy.triangles["shirt"], anatomy.uv["shirt"], outside, len(anatomy.vertices_mm))


def collar(anatomy: Anatomy, moved: Floats, who: Identity) -> tuple[Floats, Ints, Floats]:
    """Return a band round the neck, shaped with the body: vertices (V, 3), triangles, uv."""
    turn = np.linspace(-np.pi, np.pi, _AROUND, endpoint=False)
    wide, deep = (half * who.collar for half in _OPENING_MM)
    middle = np.stack([wide * np.sin(turn), 0 * turn, _MIDDLE_Z_MM - deep * np.cos(turn)], axis=1)
    heights = _heights(anatomy)
    column, row = np.rint(middle[:, 0] + 150).astype(int), np.rint(middle[:, 2] + 50).astype(int)
    middle[:, 1] = heights[row, column]
    gaps = ~np.isfinite(middle[:, 1])
    middle[gaps, 1] = np.interp(turn[gaps], turn[~gaps], middle[~gaps, 1])
    skin = np.unique(anatomy.triangles["skin"])
    middle = middle + moved[skin[nearest(middle, anatomy.vertices_mm[skin])]]
    for _ in range(8):
        middle = (np.roll(middle, 1, 0) + 2 * middle + np.roll(middle, -1, 0)) / 4
    out = middle * (1, 0, 1) - (0, 0, _MIDDLE_Z_MM)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    angle = np.linspace(0, 2 * np.pi, _SECTION, endpoint=False)
    thick, high = _COLLAR_MM
    ring = (
        middle[:, None]
        + out[:, None] * (2.0 + thick * np.cos(angle))[None, :, None]
        + (np.array([0.0, 1.0, 0.0]) * (high * np.sin(angle) - 3.0)[:, None])[None]
    )
    triangles, uv = _tube()
    return ring.reshape(-1, 3).astype(np.float32), triangles, uv


def _heights(anatomy: Anatomy) -> Floats:
    """Return how far below the eyes neck and shoulders are, seen from above, a millimetre a cell.

    Cells above which there is none are NaN.
    """
    triangles = anatomy.triangles["skin"]
    points = anatomy.vertices_mm
    low = _on_torso(points[:, 1], points[:, 2])[triangles].all(axis=1)
    triangles = np.ascontiguousarray(triangles[low])
    highest = np.zeros((300, 300), np.float32)
    raster(
        np.ascontiguousarray(points[:, [0, 2]] + np.array([150, 50], np.float32)),
        (400 - points[:, 1]).astype(np.float32),
        triangles,
        np.full(len(triangles), 2, np.uint8),
        highest,
        np.full((300, 300), -1, np.int32),
        np.zeros((len(triangles), PLANE), np.float32),
    )
    return np.where(highest > 0, 400 - highest, np.float32(np.nan)).astype(np.float32)


def _tube() -> tuple[Ints, Floats]:
    i, j = np.meshgrid(np.arange(_AROUND), np.arange(_SECTION), indexing="ij")
    here, along = i * _SECTION + j, (i + 1) % _AROUND * _SECTION + j
    up = (j + 1) % _SECTION - j
    corners = np.stack([here, along, here + up, along, along + up, here + up], -1)
    u, v = i / _AROUND * 0.9, 0.1 + 0 * j
    uv = np.stack(
        [
            np.stack([u + du, v + dv], -1)
            for du, dv in ((0, 0), (0.01, 0), (0, 0.02), (0.01, 0), (0.01, 0.02), (0, 0.02))
        ],
        -2,
    )
    return corners.reshape(-1, 3).astype(np.int32), uv.reshape(-1, 3, 2).astype(np.float32)


def paint(who: Identity) -> npt.NDArray[np.uint8]:
    """Return the cloth's texture."""
    rng = np.random.default_rng([who.seed, 0x5417])
    shape = (512, 512)
    folds = grain.noise(shape, (5, 7), rng, 3)
    weave = grain.noise(shape, (180, 180), rng, 1)
    light = (1 + 0.07 * folds + 0.035 * weave)[..., None]
    trousers = np.arange(shape[0])[:, None, None] > _BELT * shape[0]
    rgb = light * np.where(trousers, np.array(_TROUSERS), np.array(who.shirt))
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)
