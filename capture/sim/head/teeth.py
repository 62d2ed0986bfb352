"""The upper row of teeth, which a smile shows; the lower one stays in the dark.

MakeHuman's teeth lean inwards, so that they catch no light, and come through the corners of the
mouth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_COLUMNS, _ROWS = 17, 4
_HALF_WIDTH_MM, _TOP_MM, _EDGE_MM = 19.0, 55.0, 68.6
_FRONT_Z_MM, _DEPTH_MM = -24.6, 9.0


def row() -> tuple[Floats, Ints, Floats]:
    """Return the teeth on the shared mesh: vertices (V, 3), triangles, uv."""
    across = np.linspace(-1, 1, _COLUMNS)
    down = np.linspace(0, 1, _ROWS)
    x, t = np.meshgrid(across, down)
    edge = _EDGE_MM - 1.6 * x**2
    points = np.stack(
        [
            _HALF_WIDTH_MM * x,
            _TOP_MM + (edge - _TOP_MM) * t,
            _FRONT_Z_MM + _DEPTH_MM * x**2 - 0.8 * t,
        ],
        axis=-1,
    )
    first = (np.arange(_ROWS - 1)[:, None] * _COLUMNS + np.arange(_COLUMNS - 1)).reshape(-1)
    below = first + _COLUMNS
    triangles = np.concatenate(
        [np.stack([first, first + 1, below], 1), np.stack([first + 1, below + 1, below], 1)]
    ).astype(np.int32)
    flat = np.stack([(x + 1) / 2, t], axis=-1).reshape(-1, 2)
    return points.reshape(-1, 3).astype(np.float32), triangles, flat[triangles].astype(np.float32)


def paint() -> npt.NDArray[np.uint8]:
    """Return the texture: eight teeth, darker between them, at the sides and at the gum."""
    height, width = 64, 256
    x = np.linspace(-1, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    gaps = np.abs(np.sin(np.pi * 4 * x * (1 + 0.12 * np.abs(x))))
    light = (0.72 + 0.28 * np.clip(gaps * 5, 0, 1)) * (1 - 0.45 * x**2)
    light = light * (0.9 + 0.1 * np.sin(np.pi * y))
    gum = np.clip((0.34 + 0.10 * gaps - y) / 0.05, 0, 1)[..., None]
    rgb = light[..., None] * (np.array([236, 228, 212]) * (1 - gum) + np.array([190, 96, 92]) * gum)
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)
