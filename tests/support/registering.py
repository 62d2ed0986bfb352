"""A small rig to register pictures with, quick to compute and with every kind of lens error."""

from __future__ import annotations

import numpy as np

from calibration.registration.engine import Registration
from calibration.rig import Crop
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.pose import Pose

MODES = ("dense", "fast")
IR = Camera(
    width_px=48, height_px=40, fx_px=36.0, fy_px=36.0, cx_px=23.7, cy_px=19.2,
    distortion=Distortion(coefficients=(0.09, -0.27, 0.0003, -0.0002, 0.095)),
)  # fmt: skip
COLOR = Camera(
    width_px=160, height_px=120, fx_px=106.0, fy_px=106.0, cx_px=79.5, cy_px=59.5,
    distortion=Distortion(coefficients=(0.051, -0.06, 0.0005, -0.0008, 0.014)),
)  # fmt: skip
BESIDE = Pose.from_rotation_vector((0.004, -0.006, 0.003), (-52.0, 1.0, 2.0))
CROP = Crop(left_px=20, top_px=14, width_px=118, height_px=90)


def made(**changed):
    """Return a registration by that rig, with some of its settings changed."""
    given_ = {
        "ir": IR,
        "color": COLOR,
        "ir_to_color": BESIDE,
        "crop": CROP,
        "depth_shift_mm": -24.0,
    }
    return Registration(**(given_ | changed))


def wall(z_mm, camera=IR):
    """Return what the depth camera tells of a flat wall at that distance."""
    return np.full((camera.height_px, camera.width_px), z_mm, np.uint16)
