"""From the triangles seen at each sample to colours, distances and temperatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled, inlined
from capture.sim.render.raster import READY

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Int32 = npt.NDArray[np.int32]
    Uint8 = npt.NDArray[np.uint8]


@inlined
def _weights(planes: Float32, t: int, x: np.float32, y: np.float32) -> tuple[np.float32, ...]:
    """Return how much of each corner of triangle `t` is at a place, true to perspective."""
    dx, dy = x - planes[t, 0], y - planes[t, 1]
    z = np.float32(1) / (planes[t, 8] + planes[t, 6] * dx + planes[t, 7] * dy)
    q = (planes[t, 2] * dx + planes[t, 3] * dy) * z
    r = (planes[t, 4] * dx + planes[t, 5] * dy) * z
    return np.float32(1) - q - r, q, r


@compiled
def _prepare(
    planes: Float32,
    t: int,
    triangles: Int32,
    uv: Float32,
    material: Uint8,
    light: Float32,
    table: Int32,
) -> None:
    """Work out how texel place and light, each over z, change over triangle `t`."""
    plane = planes[t]
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    for k in range(6):
        if k < 2:
            size = np.float32(table[material[t], 1 + k])
            first, second, third = uv[t, 0, k] * size, uv[t, 1, k] * size, uv[t, 2, k] * size
        else:
            first, second, third = light[a, k - 2], light[b, k - 2], light[c, k - 2]
        # first + weights times differences, all over z: the first one's part changes as 1/z does.
        second, third = second - first, third - first
        plane[10 + 3 * k] = first * plane[8]
        plane[11 + 3 * k] = first * plane[6] + second * plane[2] + third * plane[4]
        plane[12 + 3 * k] = first * plane[7] + second * plane[3] + third * plane[5]
    plane[READY] = np.float32(1)


@inlined
def _color(
    t: int,
    x: np.float32,
    y: np.float32,
    planes: Float32,
    triangles: Int32,
    uv: Float32,
    material: Uint8,
    light: Float32,
    texels: Uint8,
    table: Int32,
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the colour of triangle `t` at (x, y)."""
    at = np.uintp(t)
    plane = planes[at]
    if plane[READY] == np.float32(0):
        _prepare(planes, t, triangles, uv, material, light, table)
    dx, dy = x - plane[0], y - plane[1]
    z = np.float32(1) / (plane[8] + plane[6] * dx + plane[7] * dy)
    u = (plane[10] + plane[11] * dx + plane[12] * dy) * z
    v = (plane[13] + plane[14] * dx + plane[15] * dy) * z
    red = (plane[16] + plane[17] * dx + plane[18] * dy) * z
    green = (plane[19] + plane[20] * dx + plane[21] * dy) * z
    blue = (plane[22] + plane[23] * dx + plane[24] * dy) * z
    shine = (plane[25] + plane[26] * dx + plane[27] * dy) * z
    row_of = table[np.uintp(material[at])]
    first, width, height = row_of[0], row_of[1], row_of[2]
    u = min(max(u - np.float32(0.5), np.float32(0)), np.float32(width) - np.float32(1.001))
    v = min(max(v - np.float32(0.5), np.float32(0)), np.float32(height) - np.float32(1.001))
    column, row = int(u), int(v)
    fu, fv = u - np.float32(column), v - np.float32(row)
    gu, gv = np.float32(1) - fu, np.float32(1) - fv
    corner = first + row * width + column
    aside = min(1, width - 1)
    down = width * min(1, height - 1)
    w00, w01, w10, w11 = gu * gv, fu * gv, gu * fv, fu * fv
    p, q = texels[np.uintp(corner)], texels[np.uintp(corner + aside)]
    r, s = texels[np.uintp(corner + down)], texels[np.uintp(corner + down + aside)]
    white = np.float32(255)
    return (
        min((w00 * p[0] + w01 * q[0] + w10 * r[0] + w11 * s[0]) * red + shine, white),
        min((w00 * p[1] + w01 * q[1] + w10 * r[1] + w11 * s[1]) * green + shine, white),
        min((w00 * p[2] + w01 * q[2] + w10 * r[2] + w11 * s[2]) * blue + shine, white),
    )


@compiled
def paint(
    nearest: Float32,
    seen: Int32,
    planes: Float32,
    triangles: Int32,
    uv: Float32,
    material: Uint8,
    sharp: npt.NDArray[np.bool_],
    light: Float32,
    texels: Uint8,
    table: Int32,
    picture: Uint8,
    left: int,
    top: int,
) -> None:
    """Paint samples, 2x2 a pixel, over the picture from (left, top) on; then forget the samples.

    A pixel in one triangle is shaded once, in one material twice, else at each of its samples.
    """
    quarter, half, one = np.float32(0.25), np.float32(0.5), np.float32(1)
    for y in range(seen.shape[0] // 2):
        upper, lower = seen[2 * y], seen[2 * y + 1]
        target = picture[top + y, left:]
        for x in range(np.uintp(seen.shape[1] // 2)):
            x2 = x + x
            a, b, c, d = upper[x2], upper[x2 + np.uintp(1)], lower[x2], lower[x2 + np.uintp(1)]
            if a < 0 and b < 0 and c < 0 and d < 0:
                continue
            fx, fy = np.float32(x2), np.float32(2 * y)
            whole = min(a, b, c, d) >= 0
            kind = material[np.uintp(max(a, 0))]
            if whole and a == b and a == c and a == d and not sharp[kind]:
                red, green, blue = _color(
                    a, fx + half, fy + half, planes, triangles, uv, material, light, texels, table
                )
            elif (
                whole
                and kind == material[b]
                and kind == material[c]
                and kind == material[d]
                and not sharp[kind]
            ):
                red, green, blue = _color(
                    a, fx, fy, planes, triangles, uv, material, light, texels, table
                )
                r, g, s = _color(
                    d, fx + one, fy + one, planes, triangles, uv, material, light, texels, table
                )
                red, green, blue = (red + r) * half, (green + g) * half, (blue + s) * half
            else:
                red, green, blue = np.float32(0), np.float32(0), np.float32(0)
                for k in range(4):
                    t = a if k == 0 else b if k == 1 else c if k == 2 else d
                    if t < 0:
                        r = np.float32(target[x, 0])
                        g = np.float32(target[x, 1])
                        s = np.float32(target[x, 2])
                    else:
                        r, g, s = _color(
                            t,
                            fx + np.float32(k % 2),
                            fy + np.float32(k // 2),
                            planes,
                            triangles,
                            uv,
                            material,
                            light,
                            texels,
                            table,
                        )
                    red, green, blue = red + r, green + g, blue + s
                red, green, blue = red * quarter, green * quarter, blue * quarter
            target[x, 0] = np.uint8(red + half)
            target[x, 1] = np.uint8(green + half)
            target[x, 2] = np.uint8(blue + half)
        upper[:] = -1
        lower[:] = -1
    nearest[:] = np.float32(0)


@inlined
def _texel(
    t: int,
    p: np.float32,
    q: np.float32,
    r: np.float32,
    uv: Float32,
    material: Uint8,
    texels: Float32,
    table: Int32,
) -> np.float32:
    first, width, height = table[material[t], 0], table[material[t], 1], table[material[t], 2]
    u = (p * uv[t, 0, 0] + q * uv[t, 1, 0] + r * uv[t, 2, 0]) * np.float32(width)
    v = (p * uv[t, 0, 1] + q * uv[t, 1, 1] + r * uv[t, 2, 1]) * np.float32(height)
    u = min(max(u - np.float32(0.5), np.float32(0)), np.float32(width) - np.float32(1.001))
    v = min(max(v - np.float32(0.5), np.float32(0)), np.float32(height) - np.float32(1.001))
    column, row = int(u), int(v)
    fu, fv = u - np.float32(column), v - np.float32(row)
    at = first + row * width + column
    right = min(1, width - 1)
    down = width * min(1, height - 1)
    upper = texels[at] * (np.float32(1) - fu) + texels[at + right] * fu
    lower = texels[at + down] * (np.float32(1) - fu) + texels[at + down + right] * fu
    texel: np.float32 = upper * (np.float32(1) - fv) + lower * fv
    return texel


@compiled
def measure(
    nearest: Float32,
    seen: Int32,
    planes: Float32,
    triangles: Int32,
    uv: Float32,
    material: Uint8,
    facing: Float32,
    texels: Float32,
    table: Int32,
    depth_mm: Float32,
    reflectance: Float32,
    left: int,
    top: int,
) -> None:
    """Write z and what the infrared light throws back, one sample a pixel; forget the samples."""
    for y in range(seen.shape[0]):
        for x in range(seen.shape[1]):
            t = seen[y, x]
            if t < 0:
                continue
            p, q, r = _weights(planes, t, np.float32(x), np.float32(y))
            depth_mm[top + y, left + x] = np.float32(1) / nearest[y, x]
            cosine = (
                p * facing[triangles[t, 0]]
                + q * facing[triangles[t, 1]]
                + r * facing[triangles[t, 2]]
            )
            reflectance[top + y, left + x] = cosine * _texel(
                t, p, q, r, uv, material, texels, table
            )
            seen[y, x] = -1
            nearest[y, x] = np.float32(0)


@compiled
def feel(
    nearest: Float32,
    seen: Int32,
    planes: Float32,
    uv: Float32,
    material: Uint8,
    texels: Float32,
    table: Int32,
    thermal_k: Float32,
    left: int,
    top: int,
) -> None:
    """Write the temperatures of surfaces, one sample a pixel, and forget the samples."""
    for y in range(seen.shape[0]):
        for x in range(seen.shape[1]):
            t = seen[y, x]
            if t < 0:
                continue
            p, q, r = _weights(planes, t, np.float32(x), np.float32(y))
            thermal_k[top + y, left + x] = _texel(t, p, q, r, uv, material, texels, table)
            seen[y, x] = -1
            nearest[y, x] = np.float32(0)
