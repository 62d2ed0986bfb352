"""The plane of a board from its depths, and where a camera's rays meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.depths import condensed

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.observations import Depths
    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]


def plane_of(depths: Depths, camera: Camera, shift_mm: float) -> Floats | None:
    """Return q in the depth camera's frame, the plane being q . X = 1; None if it is not told.

    The inverse depth is linear over the directions: 1 / z = q . (x, y, 1).
    """
    few = condensed(depths)
    if len(few.z_mm) < 6 or few.counts is None:
        return None
    rays = camera.rays(few.pixels)
    z_mm = few.z_mm + shift_mm
    good = np.isfinite(rays).all(axis=1) & (z_mm > 0)
    weight = (np.sqrt(few.counts) * z_mm**2)[good]
    q, _, rank, _ = np.linalg.lstsq(rays[good] * weight[:, None], weight / z_mm[good], rcond=None)
    return np.asarray(q) if rank == 3 else None


def moved(plane: Floats, pose: Pose) -> Floats:
    """Return the plane in the frame that `pose` leads to."""
    turned = pose.rotation_matrix @ plane
    return np.asarray(turned / (1.0 + turned @ np.array(pose.translation_mm)))


def met(plane: Floats, camera: Camera, pixels: Floats) -> Floats:
    """Return where the rays of the pixels meet the plane, (n, 3) in the camera's frame."""
    rays = camera.rays(pixels)
    return np.asarray(rays / (rays @ plane)[:, None])
