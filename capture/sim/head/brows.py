"""Eyebrows, hair by hair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain, layout

if TYPE_CHECKING:
    from capture.sim.head.identity import Identity
    from capture.sim.head.skin import Canvas

_INNER_MM, _OUTER_MM = 12.0, 50.0
_DEPTH_MM = -22.0  # about where the brows' skin lies, for finding its texels


def paint(canvas: Canvas, who: Identity, rng: np.random.Generator) -> None:
    """Draw both brows: a soft ground, then strokes that lean outwards."""
    count = int(420 * who.brow_thickness)
    size = layout.SKIN_SIZE
    cover = np.zeros((size, size), np.float32)
    for side in (-1.0, 1.0):
        along = rng.beta(1.05, 1.15, count)
        across = rng.uniform(-1, 1, count)
        half = _half_height(along) * who.brow_thickness
        x = _INNER_MM + (_OUTER_MM - _INNER_MM) * along
        y = middle(along) + across * half
        lean = np.radians(68 - 62 * along + 10 * across + rng.normal(0, 7, count))
        long = rng.uniform(3.5, 6.0, count) * (1.1 - 0.4 * along)
        tip_x = x + long * np.cos(lean)
        tip_y = y - long * np.sin(lean) * (1 - 0.9 * np.clip((across < 0) * 0.9, 0, 1))
        roots = _texels(side * x, y)
        steps = _texels(side * tip_x, tip_y) - roots
        bends = np.stack([np.zeros(count), 0.25 * np.abs(steps[:, 0])], axis=1)
        weight = rng.uniform(0.45, 0.95, count)
        cover = np.maximum(cover, grain.strokes((size, size), roots, steps, bends, 0.75, weight))
    ground = np.clip((canvas.side - _INNER_MM) / (_OUTER_MM - _INNER_MM), 0, 1)
    middle_mm = middle(ground)
    half_mm = np.maximum(_half_height(ground) * who.brow_thickness, 0.5)
    band = np.exp(-(((canvas.y - middle_mm + 1.0) / (1.1 * half_mm)) ** 2))
    band *= (canvas.side > _INNER_MM) & (canvas.side < _OUTER_MM) & (canvas.z < 30)
    # Pale and grey hair goes with brows that are darker than it.
    dark = (min(who.hair[0] * 0.7, 88), min(who.hair[1] * 0.66, 70), min(who.hair[2] * 0.66, 60))
    canvas.cover((0.45 * band).astype(np.float32), dark)
    canvas.cover(cover, dark)


def middle(along: np.ndarray) -> np.ndarray:
    """Return the height of a brow's middle line, from its inner end (0) to its outer one (1)."""
    return np.asarray(-17.8 - 4.0 * np.sin(np.pi * np.clip(along * 0.78, 0, 1)) + 1.6 * along**2)


def _half_height(along: np.ndarray) -> np.ndarray:
    return np.asarray(2.9 * np.clip(along / 0.12 + 0.35, 0, 1) * (1 - 0.62 * along**1.5))


def _texels(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    depth = _DEPTH_MM + 0.011 * x**2  # the forehead is round
    uv = layout.skin_uv(np.stack([x, y, depth], axis=-1).astype(np.float32))
    return np.asarray(uv.astype(np.float64) * layout.SKIN_SIZE - 0.5)
