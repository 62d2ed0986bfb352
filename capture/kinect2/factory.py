"""The calibration that a Kinect v2 brings from its factory, as cameras of pictures put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.kinect2 import streams
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.frames import Modality

if TYPE_CHECKING:
    from capture.kinect2.library import FactoryNumbers


def cameras(told: FactoryNumbers) -> dict[Modality, Camera]:
    """Return the colour camera, for which no distortion is told, and the one of depth and infrared.

    The device tells them for its mirrored pictures. Turning x round moves the principal point and
    changes the sign of p2, the tangential coefficient of x (see taver.core.distortion).
    """
    k1, k2, k3, p1, p2 = told.ir[4:]
    lens = Distortion(coefficients=(k1, k2, p1, -p2, k3))
    ir = _camera(Modality.IR, told.ir, lens)
    return {
        Modality.COLOR: _camera(Modality.COLOR, told.color, Distortion()),
        Modality.DEPTH: ir,
        Modality.IR: ir,
    }


def _camera(modality: Modality, told: tuple[float, ...], lens: Distortion) -> Camera:
    width_px, height_px = streams.SIZE_PX[modality]
    fx_px, fy_px, cx_px, cy_px = told[:4]
    return Camera(
        width_px=width_px,
        height_px=height_px,
        fx_px=fx_px,
        fy_px=fy_px,
        cx_px=width_px - 1 - cx_px,
        cy_px=cy_px,
        distortion=lens,
    )
