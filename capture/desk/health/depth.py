"""Is there depth on the face: the face's box carried over by the Kinect's nominal geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from capture.desk.health.face import Box
from capture.desk.health.finding import Finding, graded

if TYPE_CHECKING:
    import numpy.typing as npt

ABOUT: Final = "depth on the face"
# The Kinect v2's cameras as its data sheets say, in parts of the picture; a calibration knows
# better, and a box needs no better.
_COLOR_F, _COLOR_C = (1081.4 / 1920, 1081.4 / 1080), (0.5, 0.5)
_DEPTH_F, _DEPTH_C = (365.5 / 512, 365.5 / 424), (255.4 / 512, 205.9 / 424)
_APART_MM: Final = 52.0  # the infrared camera stands so far to the right of colour
_USUAL_MM: Final = 1_000.0
_NEAR_MM, _FAR_MM = 500.0, 4_500.0
_GOOD_SHARE, _BAD_SHARE = 0.6, 0.4


def on_depth(face: Box, distance_mm: float) -> Box:
    """Return where the depth picture sees the box of a face so far away in colour."""

    def carried(at: float, axis: int) -> float:
        across_mm = (at - _COLOR_C[axis]) / _COLOR_F[axis] * distance_mm
        across_mm -= _APART_MM if axis == 0 else 0.0
        return min(1.0, max(0.0, _DEPTH_C[axis] + _DEPTH_F[axis] * across_mm / distance_mm))

    return Box(
        left=carried(face.left, 0),
        top=carried(face.top, 1),
        right=carried(face.right, 0),
        bottom=carried(face.bottom, 1),
    )


def on_face(face: Box, depth_mm: npt.NDArray[Any]) -> tuple[float, float | None]:
    """Return the share of the face that has a depth, and how far away it is."""
    inner = _inner(face)
    share, distance_mm = _measured(on_depth(inner, _USUAL_MM), depth_mm)
    if distance_mm is not None:  # once more, from where it is
        share, distance_mm = _measured(on_depth(inner, distance_mm), depth_mm)
    return share, distance_mm


def judged(face: Box, depth_mm: npt.NDArray[Any]) -> Finding:
    """Say how much of the face has a depth, and how far away it is."""
    share, distance_mm = on_face(face, depth_mm)
    level = graded(share, good=_GOOD_SHARE, bad=_BAD_SHARE)
    if distance_mm is None:
        told = "no depth is measured on the face"
    else:
        told = f"depth on {share:.0%} of the face, {distance_mm / 1e3:.2f} m away"
    return Finding(
        about=ABOUT,
        level=level,
        text=told,
        fix="sit between 0.5 and 4.5 m from the Kinect; keep sunlight, glossy things and hair "
        "off the face, and its infrared windows free",
    )


def _inner(face: Box) -> Box:
    """Return the middle of the box: its corners are hair and background."""
    across, down = (face.right - face.left) / 5, (face.bottom - face.top) / 5
    return Box(
        left=face.left + across,
        top=face.top + down,
        right=face.right - across,
        bottom=face.bottom - down,
    )


def _measured(box: Box, depth_mm: npt.NDArray[Any]) -> tuple[float, float | None]:
    """Return the share of pixels with a depth in reach, and their median."""
    height_px, width_px = depth_mm.shape
    x, y = int(box.left * width_px), int(box.top * height_px)
    right, bottom = int(np.ceil(box.right * width_px)), int(np.ceil(box.bottom * height_px))
    inside = depth_mm[y:bottom, x:right]
    good = inside[(inside >= _NEAR_MM) & (inside <= _FAR_MM)]
    if not good.size:
        return 0.0, None
    return good.size / inside.size, float(np.median(good))
