"""Uneven surfaces: smooth noise, and single hairs drawn as strokes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]


def noise(
    shape: tuple[int, int], cells: tuple[float, float], rng: np.random.Generator, octaves: int = 3
) -> Float32:
    """Return smooth noise, about -1 to 1, with `cells` waves down and across.

    Each octave is twice as fine as the one before, and 0.55 times as strong.

    Value noise: random numbers on a lattice, read between its points along a smooth step.
    """
    total = np.zeros(shape, np.float32)
    strength = np.float32(1)
    down, across = cells
    for _ in range(octaves):
        lattice = rng.random((int(down) + 3, int(across) + 3), np.float32) * 2 - 1
        _add_lattice(total, lattice, np.float32(down), np.float32(across), strength)
        strength *= np.float32(0.55)
        down, across = down * 2, across * 2
    return total


@compiled
def _add_lattice(
    total: Float32, lattice: Float32, down: np.float32, across: np.float32, strength: np.float32
) -> None:
    height, width = total.shape
    for row in range(height):
        y = np.float32(row) * down / np.float32(height)
        j = int(y)
        f = y - np.float32(j)
        f = f * f * (np.float32(3) - np.float32(2) * f)
        for column in range(width):
            x = np.float32(column) * across / np.float32(width)
            i = int(x)
            e = x - np.float32(i)
            e = e * e * (np.float32(3) - np.float32(2) * e)
            upper = lattice[j, i] + (lattice[j, i + 1] - lattice[j, i]) * e
            lower = lattice[j + 1, i] + (lattice[j + 1, i + 1] - lattice[j + 1, i]) * e
            total[row, column] += strength * (upper + (lower - upper) * f)


def strokes(
    shape: tuple[int, int],
    roots: npt.ArrayLike,
    steps: npt.ArrayLike,
    bends: npt.ArrayLike,
    width: float,
    strength: npt.ArrayLike,
) -> Float32:
    """Return how much hairs cover each texel: roots (N, 2) as x, y, along `steps`, then bent."""
    cover = np.zeros(shape, np.float32)
    _draw(
        cover,
        np.asarray(roots, np.float32),
        np.asarray(steps, np.float32),
        np.asarray(bends, np.float32),
        np.float32(width),
        np.asarray(strength, np.float32),
    )
    return cover


@compiled
def _draw(
    cover: Float32,
    roots: Float32,
    steps: Float32,
    bends: Float32,
    width: np.float32,
    strength: Float32,
) -> None:
    height, across = cover.shape
    for k in range(roots.shape[0]):
        count = int(max(abs(steps[k, 0]), abs(steps[k, 1])) * 1.5) + 2
        for i in range(count):
            t = np.float32(i) / np.float32(count - 1)
            x = roots[k, 0] + steps[k, 0] * t + bends[k, 0] * t * t
            y = roots[k, 1] + steps[k, 1] * t + bends[k, 1] * t * t
            radius = width * (np.float32(1.1) - np.float32(0.7) * t)
            for row in range(max(0, int(y - 2)), min(height, int(y + 3))):
                for column in range(max(0, int(x - 2)), min(across, int(x + 3))):
                    dx, dy = np.float32(column) - x, np.float32(row) - y
                    near = strength[k] * np.exp(-(dx * dx + dy * dy) / (radius * radius))
                    cover[row, column] = max(cover[row, column], near)
