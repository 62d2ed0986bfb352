"""Is there a face in the colour picture, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import numpy as np

from capture.desk.health.finding import Finding, Level
from taver.core.errors import MissingExtraError
from taver.core.extras import need

if TYPE_CHECKING:
    import numpy.typing as npt

ABOUT: Final = "face"
NOT_LOOKED_FOR: Final = "no face is looked for: that needs the extra `faces`"


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A face in parts of the picture's width and height, from 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float


class Detector(Protocol):
    """Finds the largest face."""

    def __call__(self, picture: npt.NDArray[np.uint8]) -> Box | None:
        """Return where it is in an RGB picture, or None."""
        ...


def detector() -> Detector | None:
    """Return dlib's frontal detector, or None where dlib is not installed."""
    try:
        dlib = need("dlib", extra="faces", to="look for a face")
    except MissingExtraError:
        return None
    return _Frontal(dlib.get_frontal_face_detector())


class _Frontal:
    """Looks near where the face was before looking everywhere: an eighth of the work."""

    def __init__(self, detect: Any) -> None:
        self._detect = detect
        self._last: Box | None = None

    def __call__(self, picture: npt.NDArray[np.uint8]) -> Box | None:
        found = None
        if self._last is not None:
            found = self._within(picture, _around(self._last))
        self._last = found or self._within(picture, Box(left=0, top=0, right=1, bottom=1))
        return self._last

    def _within(self, picture: npt.NDArray[np.uint8], part: Box) -> Box | None:
        height_px, width_px = picture.shape[:2]
        x, y = int(part.left * width_px), int(part.top * height_px)
        right, bottom = int(part.right * width_px), int(part.bottom * height_px)
        # Enlarged once: a metre away a face is 40 pixels wide here, and the detector knows 80.
        boxes = self._detect(np.ascontiguousarray(picture[y:bottom, x:right]), 1)
        if not boxes:
            return None
        largest = max(boxes, key=lambda box: box.width())
        return Box(
            left=_part(x + largest.left(), width_px),
            top=_part(y + largest.top(), height_px),
            right=_part(x + largest.right() + 1, width_px),
            bottom=_part(y + largest.bottom() + 1, height_px),
        )


def judged(box: Box | None, *, seen_before: bool) -> Finding:
    """Say whether a face was found."""
    if box is not None:
        return Finding(about=ABOUT, level=Level.GOOD, text="a face is in the colour picture")
    gone = "the face has left the colour picture" if seen_before else "no face is found in colour"
    return Finding(
        about=ABOUT,
        level=Level.BAD,
        text=gone,
        fix="ask the person to sit in the middle, a metre away, and to face the Kinect",
    )


def _around(box: Box) -> Box:
    """Return a part of the picture three times as wide and high."""
    width, height = box.right - box.left, box.bottom - box.top
    return Box(
        left=max(0.0, box.left - width),
        top=max(0.0, box.top - height),
        right=min(1.0, box.right + width),
        bottom=min(1.0, box.bottom + height),
    )


def _part(at_px: int, of_px: int) -> float:
    return min(1.0, max(0.0, at_px / of_px))
