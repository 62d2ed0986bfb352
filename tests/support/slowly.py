"""Registration as its equations read, pixel by pixel: the judge of the compiled one."""

from __future__ import annotations

import itertools
import math

import numpy as np

FAR = math.inf
SAME = 0.02
WIDEST = 24


def cleaned(raw, shift_mm, nearest_mm, farthest_mm):
    """Shift; cut the range; drop what fewer than three agree with; fill holes one pixel wide."""
    z = raw + np.float32(shift_mm)
    z = np.where((raw > 0) & (z >= nearest_mm) & (z <= farthest_mm), z, 0).astype(np.float32)
    kept = z.copy()
    for at in np.ndindex(z.shape):
        agreeing = sum(abs(v - z[at]) <= np.float32(SAME) * z[at] for v in _around(z, at))
        if agreeing < 3:
            kept[at] = 0
    filled = kept.copy()
    for at in np.ndindex(z.shape):
        near = [v for v in _around(kept, at) if v > 0]
        if z[at] == 0 and len(near) >= 6 and max(near) - min(near) <= 2 * SAME * min(near):
            filled[at] = sum(near) / len(near)
    return filled


def _around(z, at):
    row, column = at
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            y, x = row + j, column + i
            if (j or i) and 0 <= y < len(z) and 0 <= x < len(z[0]):
                yield z[y, x]
            elif j or i:
                yield 0.0


def covered(row):
    """Give every hole up to 24 pixels beside a surface the depth of the nearer one, negative."""
    out = row.astype(float)
    for c in np.flatnonzero(row == 0):
        left = next(((row[j], c - j) for j in range(c - 1, -1, -1) if row[j] > 0), (0, FAR))
        right = next(((row[j], j - c) for j in range(c + 1, len(row)) if row[j] > 0), (0, FAR))
        sides = [z for z, distance in (left, right) if distance <= WIDEST]
        out[c] = -min(sides) * (1 + SAME) if sides else 0
    return out


def placed(z_mm, ir, ir_to_color, color):
    """Return (u, v, z) of every depth pixel; z negative for covers, 0 where there is none."""
    rows, columns = np.mgrid[: ir.height_px, : ir.width_px]
    covers = np.stack([covered(row) for row in z_mm])
    points = ir_to_color.apply(ir.unproject(np.stack([columns, rows], axis=-1), np.abs(covers)))
    pixels = color.project(points)
    z = np.where(np.isfinite(pixels[..., 0]), points[..., 2] * np.sign(covers), 0.0)
    return pixels[..., 0], pixels[..., 1], z


def dense(z_mm, ir, ir_to_color, color):
    """Interpolate along rows, then along columns; the nearest wins; covers leave holes."""
    u, v, z = placed(z_mm, ir, ir_to_color, color)
    reach = max(color.fx_px / ir.fx_px, color.fy_px / ir.fy_px) / 2
    nothing = (np.zeros(color.width_px), np.full(color.width_px, FAR))
    lines = [_along(u[r], v[r], z[r], color.width_px, reach) for r in range(len(z))]
    lines = [nothing, *lines, nothing]
    nearest = np.full((color.height_px, color.width_px), FAR)
    hidden = np.zeros(nearest.shape, bool)

    def write(x, begin, end, depth, cover):
        for y in range(max(math.ceil(begin), 0), min(math.floor(end), len(nearest) - 1) + 1):
            told = math.floor(depth(y) + 0.5)
            nearest[y, x], hidden[y, x] = min((told, cover), (nearest[y, x], hidden[y, x]))

    for (at0, z0), (at1, z1) in itertools.pairwise(lines):
        for x in range(color.width_px):
            a, b, begin, end = z0[x], z1[x], at0[x], at1[x]
            both = abs(a) < FAR and abs(b) < FAR
            joined = both and min(a, b) > 0 and abs(a - b) <= SAME * min(a, b)
            if joined:
                per_row = (b - a) / (end - begin) if end > begin else 0
                write(x, begin, end, lambda y, a=a, s=begin, g=per_row: a + (y - s) * g, False)
                continue
            if both and min(a, b) < 0:
                far = -min(a, b)
                write(x, begin, end, lambda _, far=far: far, True)
            if 0 < a < FAR:
                write(x, begin, begin + reach, lambda _, z=a: z, False)
            if 0 < b < FAR:
                write(x, end - reach, end, lambda _, z=b: z, False)
    return np.where(hidden | (nearest == FAR), 0, nearest).astype(np.uint16)


def _along(u, v, z, width, reach):
    at, depth = np.zeros(width), np.full(width, FAR)

    def write(begin, end, value):
        for x in range(max(math.ceil(begin), 0), min(math.floor(end), width - 1) + 1):
            place, here = value(x)
            if abs(here) < abs(depth[x]):
                at[x], depth[x] = place, here

    u, v, z = (np.append(values, 0.0) for values in (u, v, z))  # nothing follows the last pixel
    before = False
    for c in range(len(z) - 1):
        z0, z1, u0, u1, v0, v1 = z[c], z[c + 1], u[c], u[c + 1], v[c], v[c + 1]
        joined = z0 > 0 and z1 > 0 and abs(z1 - z0) <= SAME * min(z0, z1)

        def between(x, u0=u0, u1=u1, a=v0, b=v1):
            return a + (x - u0) * (b - a) / (u1 - u0) if u1 != u0 else a

        if z0 > 0 and not before:
            write(u0 - reach, u0, lambda _, v=v0, z=z0: (v, z))
        if joined:
            write(u0, u1, lambda x, f=between, a=z0, g=(z1 - z0) / (u1 - u0 or 1), s=u0: (
                f(x), a + (x - s) * g,
            ))  # fmt: skip
        else:
            if z0 > 0:
                write(u0, u0 + reach, lambda _, v=v0, z=z0: (v, z))
            if z0 != 0 and z1 != 0 and min(z0, z1) < 0:
                far = min(z0, z1)
                write(u0, u1, lambda x, f=between, far=far: (f(x), far))
        before = joined
    return at, depth


def fast(z_mm, ir, ir_to_color, color):
    """Draw each depth pixel as a square; the nearest wins; covers leave holes."""
    u, v, z = placed(z_mm, ir, ir_to_color, color)
    side = math.ceil(max(color.fx_px / ir.fx_px, color.fy_px / ir.fy_px))
    before = (side - 1) // 2
    nearest = np.full((color.height_px, color.width_px), FAR)
    hidden = np.zeros(nearest.shape, bool)
    for at in np.argwhere(z != 0):
        told = math.floor(abs(z[tuple(at)]) + 0.5)
        left = math.floor(u[tuple(at)] + 0.5) - before
        top = math.floor(v[tuple(at)] + 0.5) - before
        for y in range(max(top, 0), min(top + side, len(nearest))):
            for x in range(max(left, 0), min(left + side, len(nearest[0]))):
                cover = bool(z[tuple(at)] < 0)
                nearest[y, x], hidden[y, x] = min((told, cover), (nearest[y, x], hidden[y, x]))
    return np.where(hidden | (nearest == FAR), 0, nearest).astype(np.uint16)
