"""Where the colour camera sees the depth pixels of one row, in single precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Float32 = npt.NDArray[np.float32]

_DISTORTED = 7  # the number that tells whether the eight after it count


def numbers_of(camera: Camera, pose: Pose) -> Float32:
    """Lay out what `project` needs of a camera and of the way into its frame."""
    coefficients = (*camera.distortion.coefficients, *([0.0] * 8))[:8]
    return np.array(
        [
            *pose.translation_mm,
            camera.fx_px,
            camera.fy_px,
            camera.cx_px,
            camera.cy_px,
            any(coefficients),
            *coefficients,
            min(camera.distortion.max_radius, 1e6) ** 2,
        ],
        np.float32,
    )


@compiled
def project(
    depth_mm: Float32,
    ray_x: Float32,
    ray_y: Float32,
    ray_z: Float32,
    numbers: Float32,
    u: Float32,
    v: Float32,
    z: Float32,
) -> None:
    """Write pixels (u, v) and z of points given by directions and their depth.

    A negative depth stays negative; 0 is none.
    """
    tx, ty, tz = numbers[0], numbers[1], numbers[2]
    fx, fy, cx, cy = numbers[3], numbers[4], numbers[5], numbers[6]
    nothing = np.float32(0)
    one = np.float32(1)
    for i in range(depth_mm.shape[0]):
        d = abs(depth_mm[i])
        far = ray_z[i] * d + tz
        per = one / far
        u[i] = (ray_x[i] * d + tx) * per
        v[i] = (ray_y[i] * d + ty) * per
        far = far if (d > nothing) & (far > one) else nothing
        z[i] = far if depth_mm[i] > nothing else -far
    if numbers[_DISTORTED] > nothing:
        k1, k2, p1, p2, k3 = numbers[8], numbers[9], numbers[10], numbers[11], numbers[12]
        k4, k5, k6, limit = numbers[13], numbers[14], numbers[15], numbers[16]
        two = np.float32(2)
        for i in range(depth_mm.shape[0]):
            x, y = u[i], v[i]
            s = x * x + y * y
            g = one + s * (k1 + s * (k2 + s * k3))
            g = g / (one + s * (k4 + s * (k5 + s * k6)))
            along = two * (p1 * y + p2 * x)
            u[i] = x * (g + along) + p2 * s
            v[i] = y * (g + along) + p1 * s
            z[i] = z[i] if s < limit else nothing
    for i in range(depth_mm.shape[0]):
        u[i] = u[i] * fx + cx
        v[i] = v[i] * fy + cy
