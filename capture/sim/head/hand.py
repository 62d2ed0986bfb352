"""A hand before the face: a person's right hand, and the sleeve it comes from.

The hand's frame: origin in the palm's middle, x along the knuckles, y from the fingers to the
wrist, z from the back of the hand to the face.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain, heat, store
from capture.sim.head.identity import identity
from capture.sim.render.mesh import Texture
from capture.sim.render.shape import FRONT, Shape, shape_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_AROUND, _ALONG = 16, 14

# A sleeve: from, to, radius at both ends, how flat it is (its depth over its width).
_Limb = tuple[tuple[float, float, float], tuple[float, float, float], float, float, float]
_SLEEVE: _Limb = ((0, 92, 2), (10, 440, 40), 40, 54, 0.85)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hand:
    """A person's hand, in its own frame."""

    shape: Shape
    vertices_mm: Floats
    is_skin: npt.NDArray[np.bool_]  # (V,)


@functools.lru_cache(maxsize=24)
def hand(seed: int) -> Hand:
    """Return the hand of the person of this number."""
    who = identity(seed)
    rng = np.random.default_rng([who.seed, 0x4A4D])
    anatomy = store.load()
    size = np.float32(0.96 + 0.12 * who.male)
    sleeve = _rounded(_SLEEVE)
    triangles, uv = _grid()
    bare = anatomy.hand_mm
    around = (bare[:, :2] - bare[:, :2].min(axis=0)) / np.ptp(bare[:, :2], axis=0)
    on_skin = len(anatomy.hand_triangles)
    shade = 1 + 0.04 * grain.noise((64, 64), (6, 6), rng, 3)
    skin = np.clip(shade[..., None] * np.array(who.skin) * (0.99, 0.95, 0.94), 0, 255)
    cloth = np.full((1, 1, 3), [int(part) for part in who.shirt], np.uint8)
    shape = shape_of(
        triangles=np.concatenate([anatomy.hand_triangles, triangles + np.int32(len(bare))]),
        uv=np.concatenate([around[anatomy.hand_triangles].astype(np.float32), uv]),
        material=np.repeat([0, 1], [on_skin, len(triangles)]).astype(np.uint8),
        sides=np.full(on_skin + len(triangles), FRONT, np.uint8),
        textures=[
            Texture(
                color=skin.astype(np.uint8),
                reflectance=np.full((1, 1), 0.55, np.float32),
                temperature_k=heat.uneven(32.2 + float(rng.normal(0, 0.8)), 0.4, rng),
            ),
            Texture(
                color=cloth,
                reflectance=np.full((1, 1), 0.45, np.float32),
                temperature_k=heat.flat(28.5),
            ),
        ],
        sharp=[False, False],
    )
    points = np.concatenate([bare, sleeve]) * size
    is_skin = np.arange(len(points)) < len(bare)
    return Hand(shape=shape, vertices_mm=points.astype(np.float32), is_skin=is_skin)


def _rounded(limb: _Limb) -> Floats:
    """Return the points of a limb with round ends, ring by ring."""
    start, end, wide, narrow, flat = limb
    a, b = np.array(start), np.array(end)
    axis = (b - a) / np.linalg.norm(b - a)
    across = np.cross([0.0, 0.0, 1.0], axis)
    across /= np.linalg.norm(across)
    deep = np.cross(axis, across) * flat
    turn = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    t = np.linspace(0, np.pi, _ALONG)
    # The ends are half ellipsoids; in between the radius changes evenly.
    share = (1 - np.cos(t)) / 2
    radius = (wide + (narrow - wide) * share) * np.sin(t) ** 0.5
    radius[[0, -1]] = 0
    long = np.linalg.norm(b - a) + wide * flat + narrow * flat
    along = -wide * flat + long * share
    ring = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * deep
    points = a + along[:, None, None] * axis + radius[:, None, None] * ring[None]
    return np.asarray(points.reshape(-1, 3), np.float32)


def _grid() -> tuple[Ints, Floats]:
    i, j = np.meshgrid(np.arange(_ALONG - 1), np.arange(_AROUND), indexing="ij")
    here, beside = i * _AROUND + j, i * _AROUND + (j + 1) % _AROUND
    below, corner = here + _AROUND, beside + _AROUND
    triangles = np.stack([here, below, beside, beside, below, corner], -1).reshape(-1, 3)
    u, v = j / _AROUND, i / (_ALONG - 1)
    du, dv = 1 / _AROUND, 1 / (_ALONG - 1)
    uv = np.stack(
        [
            np.stack([u + a * du, v + b * dv], -1)
            for a, b in ((0, 0), (0, 1), (1, 0), (1, 0), (0, 1), (1, 1))
        ],
        -2,
    )
    return triangles.astype(np.int32), uv.reshape(-1, 3, 2).astype(np.float32)
