"""Which triangle is seen at each sample of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled, inlined

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Int32 = npt.NDArray[np.int32]

# A triangle's plane: where its first corner is; how two of the three weights (each over z) and 1/z
# change to the right and down; 1/z there. Behind that is room for what the shader works out once
# for a triangle, and whether it has.
PLANE = 28
READY = 9


@inlined
def _narrowed(
    low: np.float32, high: np.float32, value: np.float32, slope: np.float32
) -> tuple[np.float32, np.float32]:
    """Return the part of a span on which `value` + `slope` x is not negative, a hair more."""
    if slope > np.float32(0):
        return max(low, -value / slope - np.float32(1e-3)), high
    if slope < np.float32(0):
        return low, min(high, -value / slope + np.float32(1e-3))
    if value < np.float32(-1e-5):
        return np.float32(1), np.float32(0)
    return low, high


@compiled
def raster(
    xy: Float32,
    inverse_z: Float32,
    triangles: Int32,
    sides: npt.NDArray[np.uint8],
    nearest: Float32,
    seen: Int32,
    planes: Float32,
) -> None:
    """Write into `seen` (H, W) the triangle nearest at each sample, into `nearest` its 1/z.

    `nearest` starts as 0 and `seen` as -1. `xy` (V, 2) are samples: (0, 0) is the centre of the
    first. `sides` tells from where a triangle is seen: 0 nowhere, 1 the front, 2 both. Vertices
    that are not in front of the camera are NaN; their triangles are left out. `planes` (T, PLANE)
    lets the shader find its place in a triangle.
    """
    height, width = seen.shape
    for t in range(triangles.shape[0]):
        if sides[t] == 0:
            continue
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0 = xy[a, 0], xy[a, 1]
        x1, y1 = xy[b, 0] - x0, xy[b, 1] - y0
        x2, y2 = xy[c, 0] - x0, xy[c, 1] - y0
        area = x1 * y2 - x2 * y1
        if not (area > np.float32(0) or (sides[t] == 2 and area < np.float32(0))):
            continue  # turned away, without extent, or NaN
        left = max(0, int(np.ceil(x0 + min(np.float32(0), x1, x2))))
        right = min(width - 1, int(np.floor(x0 + max(np.float32(0), x1, x2))))
        top = max(0, int(np.ceil(y0 + min(np.float32(0), y1, y2))))
        bottom = min(height - 1, int(np.floor(y0 + max(np.float32(0), y1, y2))))
        if left > right or top > bottom:
            continue
        scale = np.float32(1) / area
        ux, uy = y2 * scale, -x2 * scale  # the second corner's weight: its gradient
        vx, vy = -y1 * scale, x1 * scale  # the third corner's
        w0, w1, w2 = inverse_z[a], inverse_z[b], inverse_z[c]
        wx = ux * (w1 - w0) + vx * (w2 - w0)
        wy = uy * (w1 - w0) + vy * (w2 - w0)
        planes[t, 0], planes[t, 1] = x0, y0
        planes[t, 2], planes[t, 3] = ux * w1, uy * w1
        planes[t, 4], planes[t, 5] = vx * w2, vy * w2
        planes[t, 6], planes[t, 7], planes[t, 8] = wx, wy, w0
        planes[t, READY] = np.float32(0)
        # Along a row each weight falls or rises evenly: from where to where are all three positive?
        wx_sum, wy_sum = -(ux + vx), -(uy + vy)
        for y in range(top, bottom + 1):
            dy = np.float32(y) - y0
            u, v = uy * dy, vy * dy
            low, high = np.float32(left) - x0, np.float32(right) - x0
            low, high = _narrowed(low, high, u, ux)
            low, high = _narrowed(low, high, v, vx)
            low, high = _narrowed(low, high, np.float32(1) + wy_sum * dy, wx_sum)
            if not low <= high:
                continue
            first = max(left, int(np.ceil(low + x0)))
            last = min(right, int(np.floor(high + x0)))
            w = w0 + wy * dy + wx * (np.float32(first) - x0)
            near, here = nearest[y], seen[y]
            for x in range(np.uintp(first), np.uintp(last + 1)):
                if w > near[x]:
                    near[x] = w
                    here[x] = t
                w += wx
