"""Dense depth on colour: every pixel inside a surface, by a warp along rows, then along columns.

Depth pixels are neighbours on one surface if their depths differ by little. Along each depth row,
(v, z) is interpolated between neighbours at every whole colour column; where two surfaces meet at a
column, the nearer wins. Then, in each column, z is interpolated between neighbouring depth rows at
every whole colour row; again the nearer wins. So a triangle mesh is drawn without triangles: each
pixel costs two linear interpolations. (Separable warps: Catmull and Smith, "3-D transformations of
images in scanline order", 1980.)

Negative depths are covers (see `gaps`): they win and lose like surfaces, and leave a hole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled, inlined
from calibration.registration.gaps import cover
from calibration.registration.project import project

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Coded = npt.NDArray[np.uint16]
    Int32 = npt.NDArray[np.int32]

_FAR = np.float32(1e9)
# What lies between two depth rows in a column; the first two are also the lowest bit of what is
# written, so that a cover is behind a surface as near.
_SURFACE, _COVER, _TORN, _EMPTY = np.uint16(0), np.uint16(1), np.uint16(2), np.uint16(3)
_BLOCK = 64  # columns filled together: few enough to stay at one height, enough for wide registers


@compiled
def warp(
    z_mm: Float32,
    rays: Float32,
    corner: tuple[int, int],
    numbers: Float32,
    same: np.float32,
    reach: np.float32,
    top: int,
    left: int,
    out: Coded,
) -> None:
    """Write into `out`, which holds 0, twice the depth seen from colour pixel (top, left) on.

    An odd number is a cover. `z_mm` (h, w) is the true depth of the part of the depth picture that
    starts at `corner` (row, column); `rays` (3, H, W) are the whole picture's directions in the
    colour camera's frame. Two neighbours are on one surface if their depths differ by no more than
    the share `same`; a surface ends `reach` pixels behind its last sample.
    """
    high, wide = z_mm.shape
    columns = out.shape[1]
    covered = np.empty(wide, np.float32)
    u = np.zeros(wide + 1, np.float32)  # nothing follows the last pixel, nor the last row
    v = np.zeros(wide + 1, np.float32)
    z = np.zeros(wide + 1, np.float32)
    at = np.zeros((2, columns), np.float32)
    depth = np.full((2, columns), _FAR)
    pieces = np.empty((3, columns), np.float32)
    kinds = np.empty(columns, np.uint16)
    limits = np.empty((2, columns), np.int32)
    rows = out.shape[0]
    for r in range(high + 1):
        now = r & 1
        if r < high:
            cover(z_mm[r], same, covered)
            y = corner[0] + r
            ray_x = rays[0, y][corner[1] : corner[1] + wide]
            ray_y = rays[1, y][corner[1] : corner[1] + wide]
            ray_z = rays[2, y][corner[1] : corner[1] + wide]
            project(covered, ray_x, ray_y, ray_z, numbers, u, v, z)
            along(u, v, z, np.float32(left), same, reach, at[now], depth[now])
        else:
            depth[now] = _FAR
        above, below, far0, far1 = at[1 - now], at[now], depth[1 - now], depth[now]
        judge(far0, far1, same, pieces[0], kinds)
        measure(above, below, far0, far1, kinds, pieces[1], pieces[2])
        reach_rows(above, below, kinds, top, rows, limits[0], limits[1])
        down(above, pieces, kinds, limits, top, out)
        close(above, below, far0, far1, kinds, reach, top, out)


@compiled
def along(
    u: Float32,
    v: Float32,
    z: Float32,
    origin: np.float32,
    same: np.float32,
    reach: np.float32,
    at: Float32,
    depth: Float32,
) -> None:
    """Write for each whole column the nearest (v, z) of one depth row; `_FAR` where is none."""
    last = depth.shape[0] - 1
    nothing = np.float32(0)
    depth[:] = _FAR
    joined = False  # to the pixel before, by what was measured
    for c in range(u.shape[0] - 1):
        z0, z1 = z[c], z[c + 1]
        if z0 == nothing:
            joined = False
            continue
        u0, v0 = u[c] - origin, v[c]
        measured = z0 > nothing
        if not joined and measured:
            span(u0 - reach, u0, u0, v0, z0, nothing, nothing, last, at, depth)
        joined = measured and z1 > nothing and abs(z1 - z0) <= same * min(z0, z1)
        if joined:
            u1 = u[c + 1] - origin
            per = np.float32(1) / (u1 - u0)
            span(u0, u1, u0, v0, z0, (z1 - z0) * per, (v[c + 1] - v0) * per, last, at, depth)
            continue
        if measured:
            span(u0, u0 + reach, u0, v0, z0, nothing, nothing, last, at, depth)
        u1 = u[c + 1] - origin
        if u1 > u0 and (z1 < nothing or (not measured and z1 > nothing)):
            per = np.float32(1) / (u1 - u0)
            far = min(z0, z1)  # the cover, or the farther one of two
            span(u0, u1, u0, v0, far, nothing, (v[c + 1] - v0) * per, last, at, depth)


@inlined
def span(
    begin: np.float32,
    end: np.float32,
    u0: np.float32,
    v0: np.float32,
    z0: np.float32,
    by_z: np.float32,
    by_v: np.float32,
    last: int,
    at: Float32,
    depth: Float32,
) -> None:
    """Write (v, z), which change evenly from u0 on, at the columns in which nothing nearer is."""
    first, final = max(0, int(np.ceil(begin))), min(last, int(np.floor(end)))
    if first > final:
        return
    for x in range(np.uintp(first), np.uintp(final + 1)):
        step = np.float32(x) - u0
        here = z0 + step * by_z
        if abs(here) < abs(depth[x]):
            depth[x] = here
            at[x] = v0 + step * by_v


# The loops below are kept apart so that each touches few arrays: the compiler gives up using wide
# registers where it would have to prove for many pairs that they do not overlap.


@compiled
def judge(z0: Float32, z1: Float32, same: np.float32, start: Float32, kinds: Coded) -> None:
    """Tell for each column what lies between two depth rows, and how far away it starts."""
    nothing = np.float32(0)
    for x in range(z0.shape[0]):
        a0, a1 = abs(z0[x]), abs(z1[x])
        near = min(a0, a1)
        cover = min(z0[x], z1[x])  # the cover, or the farther one of two
        both = max(a0, a1) < _FAR
        hidden = both & (cover < nothing)
        surface = both & (cover > nothing) & (abs(a1 - a0) <= same * near)
        start[x] = -cover if hidden else a0
        apart = _TORN if near < _FAR else _EMPTY
        kinds[x] = _SURFACE if surface else _COVER if hidden else apart


@compiled
def measure(
    v0: Float32,
    v1: Float32,
    z0: Float32,
    z1: Float32,
    kinds: Coded,
    slope: Float32,
    ends: Float32,
) -> None:
    """Write for each column by how much z grows with a row, and where it ends."""
    for x in range(v0.shape[0]):
        grows = (z1[x] - z0[x]) / (v1[x] - v0[x])
        slope[x] = grows if (kinds[x] == _SURFACE) & (v1[x] > v0[x]) else np.float32(0)
    for x in range(v0.shape[0]):
        ends[x] = v1[x] if kinds[x] <= _COVER else -_FAR


@compiled
def reach_rows(
    v0: Float32, v1: Float32, kinds: Coded, top: int, rows: int, first: Int32, last: Int32
) -> None:
    """Write for each column which whole rows of the box lie in it, or one more on either side."""
    origin, height = np.float32(top), np.float32(rows)
    nothing = np.float32(0)
    almost = np.float32(0.9999)
    for x in range(v0.shape[0]):
        row = np.int32(min(max(v0[x] - origin + almost, nothing), height))
        first[x] = row if kinds[x] <= _COVER else np.int32(rows)
    for x in range(v0.shape[0]):
        row = np.int32(min(max(v1[x] - origin, -np.float32(1)), height))
        last[x] = row if kinds[x] <= _COVER else np.int32(-1)


@compiled
def down(v0: Float32, pieces: Float32, kinds: Coded, limits: Int32, top: int, out: Coded) -> None:
    """Fill the columns between two depth rows, the nearest winning over what is there."""
    rows, columns = out.shape
    half = np.float32(0.5)
    one = np.uint16(1)
    for left in range(0, columns, _BLOCK):
        right = min(left + _BLOCK, columns)
        first, last = np.int32(rows), np.int32(-1)
        for x in range(left, right):
            first = min(first, limits[0, x])
            last = max(last, limits[1, x])
        begins = v0[left:right]
        start, slope = pieces[0, left:right], pieces[1, left:right]
        ends, kind = pieces[2, left:right], kinds[left:right]
        for y in range(np.uintp(first), np.uintp(min(rows - 1, int(last)) + 1)):
            row = out[y, left:right]
            here = np.float32(np.int64(y) + top)
            for x in range(right - left):
                z = np.uint16(start[x] + (here - begins[x]) * slope[x] + half)
                told = np.uint16(np.uint16(z + z) + kind[x])
                old = row[x]
                mine = (here >= begins[x]) & (here <= ends[x])
                nearer = np.uint16(old - one) > np.uint16(told - one)
                row[x] = told if mine & nearer else old


@compiled
def close(
    v0: Float32,
    v1: Float32,
    z0: Float32,
    z1: Float32,
    kinds: Coded,
    reach: np.float32,
    top: int,
    out: Coded,
) -> None:
    """End the surfaces that stop between two depth rows, half a depth pixel behind their last."""
    nothing = np.float32(0)
    for x in range(v0.shape[0]):
        if (kinds[x] == _SURFACE) | (kinds[x] == _EMPTY):
            continue
        if nothing < z0[x] < _FAR:
            tip(z0[x], v0[x], v0[x] + reach, top, x, out)
        if nothing < z1[x] < _FAR:
            tip(z1[x], v1[x] - reach, v1[x], top, x, out)


@compiled
def tip(z: np.float32, low: np.float32, high: np.float32, top: int, x: int, out: Coded) -> None:
    """Write the last bit of a surface in column `x`, where nothing nearer is."""
    told = np.uint16(2 * int(z + np.float32(0.5)))
    begin, final = max(0, int(np.ceil(low)) - top), min(out.shape[0] - 1, int(np.floor(high)) - top)
    for y in range(begin, final + 1):
        old = out[y, x]
        if old == 0 or told < old:
            out[y, x] = told


@compiled
def decode(coded: Coded) -> None:
    """Turn what `warp` wrote into millimetres, covers into holes."""
    one, none = np.uint16(1), np.uint16(0)
    flat = coded.reshape(-1)
    for i in range(flat.shape[0]):
        told = flat[i]
        flat[i] = none if told & one else np.uint16(told >> one)
