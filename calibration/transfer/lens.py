"""A camera for a few points at a time: what `Camera` works out, compiled and point by point.

`Camera` takes whole pictures and makes a dozen arrays on the way; for 68 points that costs more
than the points do. Both give the same numbers but for rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]

_TOLERANCE: Final = 1e-12  # of the distorted place, relative to 1 + its radius
_MOST_STEPS: Final = 60


class Optics(NamedTuple):
    """A camera as what is compiled takes it."""

    distorted: bool
    brown: Floats
    pinhole: Floats
    limits: Floats
    seen: Floats
    shrink: Floats


class Lens:
    """Directions of pixels and pixels of points, for one camera."""

    def __init__(self, camera: Camera) -> None:
        coefficients = camera.distortion.coefficients
        disc = camera.distortion.disc
        self.optics = Optics(
            any(coefficients),
            np.array((*coefficients, *([0.0] * 8))[:8]),
            np.array([camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px]),
            np.array([disc.radius, disc.start, disc.seen_radius]),
            disc.table_seen,
            disc.table_shrink,
        )

    def rays(self, pixels: Floats) -> Floats:
        """Return the directions (N, 3) the pixels look in, with z = 1; NaN beyond the lens."""
        out = np.empty((len(pixels), 3))
        rays(pixels, *self.optics, out)
        return out

    def project(self, points_mm: Floats) -> Floats:
        """Return the pixels (N, 2) at which the points (N, 3) are seen; NaN where they are not."""
        pixels = np.empty((len(points_mm), 2))
        project(points_mm, *self.optics, pixels)
        return pixels


class Way:
    """From points in one camera's frame to the pixels of another."""

    def __init__(self, pose: Pose, camera: Camera) -> None:
        self.camera, self.lens = camera, Lens(camera)
        self.turn = np.ascontiguousarray(pose.rotation_matrix.T)
        self.move = np.array(pose.translation_mm)

    def moved(self, points_mm: Floats) -> Floats:
        """Return the points (N, 3) in the other camera's frame."""
        out = np.empty((len(points_mm), 3))
        moved(points_mm, self.turn, self.move, out)
        return out

    def seen(self, points_mm: Floats) -> Floats:
        """Return the pixels (N, 2) at which the other camera sees the points (N, 3)."""
        return self.lens.project(self.moved(points_mm))


@compiled
def moved(points: Floats, turn: Floats, move: Floats, out: Floats) -> None:
    """Write the points in another camera's frame."""
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        for axis in range(3):
            out[i, axis] = x * turn[0, axis] + y * turn[1, axis] + z * turn[2, axis] + move[axis]


@compiled
def _bent(k: Floats, x: float, y: float) -> tuple[float, float, float, float, float]:
    """Return the distorted x and y, and the Jacobian's xx, xy (equal to yx) and yy."""
    s = x * x + y * y
    top = 1.0 + s * (k[0] + s * (k[1] + s * k[4]))
    under = 1.0 + s * (k[5] + s * (k[6] + s * k[7]))
    g = top / under
    by_top = k[0] + s * (2.0 * k[1] + s * (3.0 * k[4]))
    by_under = k[5] + s * (2.0 * k[6] + s * (3.0 * k[7]))
    slope = 2.0 * (by_top - g * by_under) / under
    p1, p2 = k[2], k[3]
    along = 2.0 * (p1 * y + p2 * x)
    return (
        x * (g + along) + p2 * s,
        y * (g + along) + p1 * s,
        g + along + x * x * slope + 4.0 * p2 * x,
        x * y * slope + 2.0 * (p1 * x + p2 * y),
        g + along + y * y * slope + 4.0 * p1 * y,
    )


@compiled
def project(
    points: Floats,
    distorted: bool,
    k: Floats,
    pinhole: Floats,
    limits: Floats,
    table_seen: Floats,  # noqa: ARG001  every camera is given whole
    table_shrink: Floats,  # noqa: ARG001
    out: Floats,
) -> None:
    """Write the pixel at which each point is seen."""
    for i in range(points.shape[0]):
        z = points[i, 2]
        x, y = points[i, 0] / z, points[i, 1] / z
        good = z > 0.0 and np.isfinite(z)
        if distorted and good:
            good = np.sqrt(x * x + y * y) < limits[0]
            x, y, _, _, _ = _bent(k, x, y)
        u, v = x * pinhole[0] + pinhole[2], y * pinhole[1] + pinhole[3]
        good = good and np.isfinite(u) and np.isfinite(v)
        out[i, 0] = u if good else np.nan
        out[i, 1] = v if good else np.nan


@compiled
def rays(
    pixels: Floats,
    distorted: bool,
    k: Floats,
    pinhole: Floats,
    limits: Floats,
    table_seen: Floats,
    table_shrink: Floats,
    out: Floats,
) -> None:
    """Write each direction; Newton's method as `Distortion` describes it."""
    for i in range(pixels.shape[0]):
        goal_x = (pixels[i, 0] - pinhole[2]) / pinhole[0]
        goal_y = (pixels[i, 1] - pinhole[3]) / pinhole[1]
        x, y, good = goal_x, goal_y, np.isfinite(goal_x) and np.isfinite(goal_y)
        if distorted and good:
            x, y, good = _straight(goal_x, goal_y, k, limits, table_seen, table_shrink)
        out[i, 0] = x if good else np.nan
        out[i, 1] = y if good else np.nan
        out[i, 2] = 1.0 if good else np.nan


@compiled
def _straight(
    goal_x: float, goal_y: float, k: Floats, limits: Floats, seen: Floats, shrink: Floats
) -> tuple[float, float, bool]:
    """Return the direction that is seen there, and whether there is one."""
    far = np.sqrt(goal_x * goal_x + goal_y * goal_y)
    if not far <= limits[2]:
        return np.nan, np.nan, False
    start = min(far * np.interp(far, seen, shrink), limits[1])
    share = start / max(far, 1e-300)
    x, y = goal_x * share, goal_y * share
    step_x, step_y = 0.0, 0.0
    enough = _TOLERANCE * (1.0 + far)
    distance = np.inf
    for _ in range(_MOST_STEPS):
        try_x, try_y = x + step_x, y + step_y
        at_x, at_y, j_xx, j_xy, j_yy = _bent(k, try_x, try_y)
        off_x, off_y = at_x - goal_x, at_y - goal_y
        now = np.sqrt(off_x * off_x + off_y * off_y)
        if now < distance and np.sqrt(try_x * try_x + try_y * try_y) < limits[0]:
            x, y, distance = try_x, try_y, now
            determinant = j_xx * j_yy - j_xy * j_xy
            step_x = (j_xy * off_y - j_yy * off_x) / determinant
            step_y = (j_xy * off_x - j_xx * off_y) / determinant
        else:
            step_x, step_y = step_x / 2.0, step_y / 2.0
        if distance <= enough:
            return x, y, True
    return np.nan, np.nan, False
