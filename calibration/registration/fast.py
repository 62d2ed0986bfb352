"""Fast depth on colour: every depth pixel becomes a small square, and the nearest one wins.

Good for looking on while recording. Between the squares depth is stepped, not interpolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled
from calibration.registration.gaps import cover
from calibration.registration.project import project

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Coded = npt.NDArray[np.uint16]

_NONE = 65535


@compiled
def splat(
    z_mm: Float32,
    rays: Float32,
    corner: tuple[int, int],
    numbers: Float32,
    same: np.float32,
    side: int,
    top: int,
    left: int,
    drawn: Coded,
    out: Coded,
) -> None:
    """Write into `out` the depth seen from colour pixel (top, left) on, by way of `drawn`.

    Depth pixels become squares `side` pixels wide; `drawn` is so much larger than `out` on each
    side. The other arguments are those of `dense.warp`.
    """
    high, wide = z_mm.shape
    covered = np.empty(wide, np.float32)
    u = np.empty(wide, np.float32)
    v = np.empty(wide, np.float32)
    z = np.empty(wide, np.float32)
    place = np.empty(wide, np.int32)
    told = np.empty(wide, np.uint16)
    across = drawn.shape[1]
    flat = drawn.reshape(-1)
    flat[:] = _NONE
    more = np.float32(side) + np.float32(0.5)
    x0, y0 = more - np.float32(left), more - np.float32(top)
    right, bottom = np.float32(across), np.float32(drawn.shape[0])
    half = np.float32(0.5)
    nothing = np.float32(0)
    for r in range(high):
        cover(z_mm[r], same, covered)
        y = corner[0] + r
        ray_x = rays[0, y][corner[1] : corner[1] + wide]
        ray_y = rays[1, y][corner[1] : corner[1] + wide]
        ray_z = rays[2, y][corner[1] : corner[1] + wide]
        project(covered, ray_x, ray_y, ray_z, numbers, u, v, z)
        for c in range(wide):
            x, down = u[c] + x0, v[c] + y0
            inside = (x >= nothing) & (x < right) & (down >= nothing) & (down < bottom)
            inside = inside & (z[c] != nothing)
            at = np.int32(down) * np.int32(across) + np.int32(x)
            place[c] = np.int32(at) if inside else np.int32(-1)
            depth = np.uint16(abs(z[c]) + half)
            told[c] = np.uint16(depth + depth) + np.uint16(z[c] < nothing)
        for c in range(wide):
            if place[c] >= 0:
                here = np.uintp(place[c])
                flat[here] = min(flat[here], told[c])
    spread(drawn, side, out)


@compiled
def spread(drawn: Coded, side: int, out: Coded) -> None:
    """Let every point of `drawn` be a square of `side` pixels, and write millimetres into `out`.

    The nearest of a square of points is the nearest along rows of the nearest along columns.
    """
    rows, columns = out.shape
    across = np.uintp(drawn.shape[1])
    points, pixels = drawn.reshape(-1), out.reshape(-1)
    one, none = np.uint16(1), np.uint16(0)
    nearest = np.empty(drawn.shape[1], np.uint16)
    begin = 1 + (side - 1) // 2  # of the margin: the first point whose square reaches a pixel
    for y in range(rows):
        row = np.uintp(y + begin) * across
        for x in range(across):
            nearest[x] = points[row + x]
        for _ in range(1, side):
            row += across
            for x in range(across):
                here, there = nearest[x], points[row + x]
                nearest[x] = min(here, there)
        target = np.uintp(y) * np.uintp(columns)
        for x in range(np.uintp(columns)):
            pixels[target + x] = nearest[x + np.uintp(begin)]
        for i in range(np.uintp(begin + 1), np.uintp(begin + side)):
            for x in range(np.uintp(columns)):
                here, there = pixels[target + x], nearest[x + i]
                pixels[target + x] = min(here, there)
        for x in range(np.uintp(columns)):
            told = pixels[target + x]
            pixels[target + x] = none if told & one else np.uint16(told >> one)
