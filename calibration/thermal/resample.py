"""What another camera tells at the points that the pixels of registered depth are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled
from calibration.registration.project import project

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Depth = npt.NDArray[np.uint16]


@compiled
def resample(
    depth_mm: Depth,
    rays: Float32,
    corner: tuple[int, int],
    numbers: Float32,
    picture: Float32,
    nearest_mm: Depth,
    near: np.float32,
    out: Float32,
) -> None:
    """Write into `out` what `picture` shows at each pixel of a box; NaN where that is not known.

    `rays` (3, H, W) are the directions of the whole crop in the other camera's frame, and the box
    starts at its `corner`. `nearest_mm` is the depth that the other camera sees; a point farther
    than that by more than the share `near` is hidden from it.
    """
    high, wide = depth_mm.shape
    tall, broad = picture.shape
    u = np.empty(wide, np.float32)
    v = np.empty(wide, np.float32)
    z = np.empty(wide, np.float32)
    depth = np.empty(wide, np.float32)
    last_u, last_v = np.float32(broad - 1), np.float32(tall - 1)
    nothing, one = np.float32(0), np.float32(1)
    for r in range(high):
        for c in range(wide):
            depth[c] = np.float32(depth_mm[r, c])
        y = corner[0] + r
        ray_x = rays[0, y][corner[1] : corner[1] + wide]
        ray_y = rays[1, y][corner[1] : corner[1] + wide]
        ray_z = rays[2, y][corner[1] : corner[1] + wide]
        project(depth, ray_x, ray_y, ray_z, numbers, u, v, z)
        for c in range(wide):
            out[r, c] = np.nan
            if not (z[c] > nothing and nothing <= u[c] <= last_u and nothing <= v[c] <= last_v):
                continue
            i, j = min(np.uintp(u[c]), np.uintp(broad - 2)), min(np.uintp(v[c]), np.uintp(tall - 2))
            seen = False
            for row in range(j, j + np.uintp(2)):
                for column in range(i, i + np.uintp(2)):
                    off = abs(np.float32(nearest_mm[row, column]) - z[c])
                    seen = seen or off <= near * z[c]
            if not seen:
                continue
            right, down = u[c] - np.float32(i), v[c] - np.float32(j)
            upper = picture[j, i] * (one - right) + picture[j, i + np.uintp(1)] * right
            j += np.uintp(1)
            lower = picture[j, i] * (one - right) + picture[j, i + np.uintp(1)] * right
            out[r, c] = upper * (one - down) + lower * down
