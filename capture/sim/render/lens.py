"""Where a camera sees points: `taver.core.camera` in single precision, many times faster.

A vertex may be off by some thousandths of a pixel; truth is projected by the camera itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.rig import RigCamera

    Float32 = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]


class Lens:
    """One camera of the rig, its numbers laid out for the compiled function."""

    def __init__(self, camera: RigCamera) -> None:
        inner = camera.camera
        coefficients = (*inner.distortion.coefficients, *([0.0] * 8))[:8]
        self.width_px, self.height_px = inner.width_px, inner.height_px
        self.to_camera = np.hstack(
            [
                camera.from_color.rotation_matrix,
                np.reshape(camera.from_color.translation_mm, (3, 1)),
            ]
        )
        self.numbers = np.array(
            [
                inner.fx_px,
                inner.fy_px,
                inner.cx_px,
                inner.cy_px,
                min(inner.distortion.max_radius, 1e6) ** 2,
                *coefficients,
            ]
        )

    def see(self, points_mm: Float32) -> tuple[Float32, Float32]:
        """Return the pixels (V, 2) of points in the world, and 1/z; NaN where there is none."""
        pixels = np.empty((len(points_mm), 2), np.float32)
        inverse_z = np.empty(len(points_mm), np.float32)
        _project(points_mm, self.to_camera, self.numbers, pixels, inverse_z)
        return pixels, inverse_z


@compiled
def _project(
    points: Float32, pose: Float64, numbers: Float64, pixels: Float32, inverse_z: Float32
) -> None:
    fx, fy, cx, cy, limit = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    k1, k2, p1, p2, k3 = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9]
    k4, k5, k6 = numbers[10], numbers[11], numbers[12]
    for i in range(points.shape[0]):
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        z = pose[2, 0] * px + pose[2, 1] * py + pose[2, 2] * pz + pose[2, 3]
        pixels[i, 0] = np.nan
        pixels[i, 1] = np.nan
        inverse_z[i] = 0.0
        if not z > 1.0:
            continue
        x = (pose[0, 0] * px + pose[0, 1] * py + pose[0, 2] * pz + pose[0, 3]) / z
        y = (pose[1, 0] * px + pose[1, 1] * py + pose[1, 2] * pz + pose[1, 3]) / z
        s = x * x + y * y
        if not s < limit:
            continue
        g = (1 + s * (k1 + s * (k2 + s * k3))) / (1 + s * (k4 + s * (k5 + s * k6)))
        along = 2 * (p1 * y + p2 * x)
        pixels[i, 0] = fx * (x * (g + along) + p2 * s) + cx
        pixels[i, 1] = fy * (y * (g + along) + p1 * s) + cy
        inverse_z[i] = 1 / z
