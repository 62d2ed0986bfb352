"""Which part of the colour picture annotators see: its centre, or the face with room to move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

# What the depth camera sees, too, of a Kinect's 1920 x 1080: 1408 x 792 in the middle.
_SHARE: Final = (1408, 1920)
_MARGIN: Final = 0.45  # of the face's box on each side: hair, chin, and hands that touch it
_SMALLEST_PX: Final = 16


class Window(NamedTuple):
    """A part of a picture; all sides are even, as video wants them."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int

    def of(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Cut it out."""
        rows = slice(self.top_px, self.top_px + self.height_px)
        columns = slice(self.left_px, self.left_px + self.width_px)
        return np.ascontiguousarray(picture[rows, columns])


def centred(width_px: int, height_px: int) -> Window:
    """Return the part of a picture that depth has as well; of a Kinect's, 1408 x 792."""
    wide, high = (_even(side * _SHARE[0] / _SHARE[1]) for side in (width_px, height_px))
    return _checked(Window((width_px - wide) // 2, (height_px - high) // 2, wide, high))


def around(boxes: npt.NDArray[np.float64], width_px: int, height_px: int) -> Window:
    """Return one part that holds the face wherever it goes in the clip.

    `boxes` are left, top, right and bottom a frame, NaN where there is no face. The part stands
    still: one that went along would hide how the head moves.
    """
    there = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(there):
        raise InputError(
            "No face was found in this stretch", fix="show the centre: leave --crop out"
        )
    # A single wrong box must not open the view wide.
    low = np.percentile(there[:, :2], 1, axis=0)
    high = np.percentile(there[:, 2:], 99, axis=0)
    room = _MARGIN * np.median(there[:, 2:] - there[:, :2], axis=0)
    left, top = np.maximum(low - room, 0)
    right, bottom = np.minimum(high + room, (width_px, height_px))
    return _checked(Window(int(left), int(top), _even(right - int(left)), _even(bottom - int(top))))


def _even(length: float) -> int:
    return int(length + 1e-6) // 2 * 2


def _checked(window: Window) -> Window:
    if min(window.width_px, window.height_px) < _SMALLEST_PX:
        raise InputError(
            f"The part to show would be {window.width_px} x {window.height_px} pixels",
            fix="choose the other --crop, or another session",
        )
    return window
