"""The laboratory behind the people: a wall out of focus, drawn once for each room."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled
from capture.sim.head.grain import noise

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.scene import Room
    from taver.core.camera import Camera

    Floats = npt.NDArray[np.float32]

_WALL_REFLECTS = 0.62
_COARSE = 4  # pixels


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Backdrop:
    """What the cameras see where nobody stands; colour and infrared are shared: copy them."""

    color: npt.NDArray[np.uint8]
    depth_mm: Floats
    reflectance: Floats
    thermal_k: Floats


def backdrop(room: Room, color: Camera, ir: Camera, thermal: Camera) -> Backdrop:
    """Return the empty room, seen by the three cameras."""
    return Backdrop(
        color=_office(color.width_px, color.height_px),
        depth_mm=np.full((ir.height_px, ir.width_px), room.wall_mm, np.float32),
        reflectance=_stains(ir.width_px, ir.height_px),
        thermal_k=_drafts(thermal.width_px, thermal.height_px) + np.float32(room.air_k - 0.4),
    )


@functools.lru_cache(maxsize=4)
def _stains(width: int, height: int) -> Floats:
    """Return how much infrared light the wall throws back."""
    spots = noise((height, width), (3, 4), np.random.default_rng(0x3A11), 2)
    return (_WALL_REFLECTS + np.float32(0.02) * spots).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _drafts(width: int, height: int) -> Floats:
    """Return how far the wall's temperature is from its mean, in kelvin."""
    spots = noise((height, width), (3, 4), np.random.default_rng(0x3A12), 2)
    return (np.float32(0.15) * spots).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _office(wide: int, high: int) -> npt.NDArray[np.uint8]:
    """Paint wall, floor, a door and a shelf, all out of focus: so a quarter of the size will do."""
    width, height = -(-wide // _COARSE) + 1, -(-high // _COARSE) + 1
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    rng = np.random.default_rng(0x0FF1)
    light = 1 - np.float32(0.10) * (x - 0.15) ** 2 - np.float32(0.10) * (y + 0.4) ** 2
    light = light + np.float32(0.012) * noise((height, width), (4, 7), rng, 3)
    rgb = light[..., None] * np.array([186, 184, 176], np.float32)

    def block(
        left: float,
        right: float,
        top: float,
        bottom: float,
        color: tuple[int, int, int],
        blur: float,
    ) -> None:
        across = _step(x - left, blur) * _step(right - x, blur)
        down = _step(y - top, blur) * _step(bottom - y, blur)
        amount = (across * down)[..., None]
        rgb[:] += amount * (light[..., None] * np.array(color, np.float32) - rgb)

    block(0.52, 0.93, -0.72, 2.0, (142, 126, 106), 0.02)  # a door
    block(0.545, 0.905, -0.66, 2.0, (156, 140, 118), 0.02)
    block(-1.2, -0.56, -0.46, -0.40, (120, 100, 80), 0.016)  # a shelf with folders
    at = -1.02
    while at < -0.62:
        thick = float(rng.uniform(0.025, 0.05))
        color = tuple(int(c) for c in rng.uniform(70, 170, 3))
        block(
            at,
            at + thick,
            -0.46 - float(rng.uniform(0.22, 0.30)),
            -0.46,
            (color[0], color[1], color[2]),
            0.014,
        )
        at += thick + float(rng.choice([0.004, 0.03]))
    block(-1.2, 1.2, 0.86, 2.0, (112, 108, 104), 0.03)  # the floor
    painted = np.empty((high, wide, 3), np.uint8)
    _enlarge(np.ascontiguousarray(rgb, np.float32), np.float32(1 / _COARSE), painted)
    return painted


@compiled
def _enlarge(small: Floats, step: np.float32, large: npt.NDArray[np.uint8]) -> None:
    for row in range(large.shape[0]):
        y = np.float32(row) * step
        j = int(y)
        v = y - np.float32(j)
        for column in range(large.shape[1]):
            x = np.float32(column) * step
            i = int(x)
            u = x - np.float32(i)
            for k in range(3):
                upper = small[j, i, k] + (small[j, i + 1, k] - small[j, i, k]) * u
                lower = small[j + 1, i, k] + (small[j + 1, i + 1, k] - small[j + 1, i, k]) * u
                value = upper + (lower - upper) * v + np.float32(0.5)
                large[row, column, k] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))


def _step(from_edge: Floats, blur: float) -> Floats:
    t = np.clip(from_edge / blur / 2 + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
