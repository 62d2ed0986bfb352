"""Looks for faces where one is expected, or everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.extras import need
from taver.faces.chips import size_of
from taver.faces.points import box_of

if TYPE_CHECKING:
    from taver.faces.finder import Detector, Found
    from taver.faces.points import Floats
    from taver.faces.view import Box, Patch, View

_REACH: Final = 1.0  # of its size to each side of where a face was
_EASY: Final = 1.2  # times the smallest face a detector finds: it misses none of that size


def near(view: View, detector: Detector, points: Floats) -> list[Found]:
    """Return the faces about where one was, about as large as it was; the nearest to it first."""
    size = size_of(points)
    left, top, right, bottom = box_of(points).tolist()
    reach = _REACH * size
    box = _within(view, (left - reach, top - reach, right + reach, bottom + reach))
    if box is None:
        return []
    scale = _EASY * detector.smallest_px / size
    found = _found(_cropped(view.grey(box), box), detector, scale)
    middle = np.array([left + right, top + bottom]) / 2
    return sorted(found, key=lambda one: float(np.linalg.norm(_middle(one.box) - middle)))


def everywhere(view: View, detector: Detector, smallest_px: float) -> list[Found]:
    """Return the faces in the whole picture that are at least so large; the largest first."""
    found = _found(view.grey(), detector, min(detector.smallest_px / smallest_px, 2.0))
    return sorted(found, key=lambda one: one.box[0] - one.box[2])


def _found(patch: Patch, detector: Detector, scale: float) -> list[Found]:
    """Return the faces in a part of the picture, looked at so many times larger."""
    cv2 = need("cv2", extra="faces", to="find faces")
    pixels = patch.pixels
    high, wide = pixels.shape
    if min(high, wide) * scale < detector.smallest_px:
        return []
    if abs(scale - 1.0) > 0.05:
        size = (max(round(wide * scale), 1), max(round(high * scale), 1))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, size, interpolation=how)
    grown = np.array([pixels.shape[1] / wide, pixels.shape[0] / high] * 2)
    shift = np.array([patch.left_px, patch.top_px] * 2)
    return [
        one._replace(box=tuple((np.array(one.box) / grown + shift).tolist()))
        for one in detector.find(pixels)
    ]


def _within(view: View, box: Box) -> Box | None:
    """Return what of the box lies in the picture."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[2], float(view.width_px)), min(box[3], float(view.height_px))
    return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None


def _cropped(patch: Patch, box: Box) -> Patch:
    """Return no more of a part than the box: tiles are wider."""
    left, top = int(box[0]) - patch.left_px, int(box[1]) - patch.top_px
    right, bottom = int(box[2]) - patch.left_px, int(box[3]) - patch.top_px
    pixels = patch.pixels[max(top, 0) : bottom, max(left, 0) : right]
    return patch._replace(
        pixels=pixels, left_px=patch.left_px + max(left, 0), top_px=patch.top_px + max(top, 0)
    )


def _middle(box: Box) -> Floats:
    return np.array([box[0] + box[2], box[1] + box[3]]) / 2
