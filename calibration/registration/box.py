"""A part of the registered picture, such as the one around a face."""

from __future__ import annotations

import operator
from typing import NamedTuple

from taver.core.errors import InputError


class Box(NamedTuple):
    """Whole pixels of the crop: (0, 0) is the crop's first pixel, not the colour picture's."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int

    def grown(self, more_px: int) -> Box:
        """Return the box with so much more on each side, inside of a picture or not."""
        left, top = self.left_px - more_px, self.top_px - more_px
        return Box(left, top, self.width_px + 2 * more_px, self.height_px + 2 * more_px)

    def lies_in(self, other: Box) -> bool:
        """Tell whether all of it is in another one."""
        left, top = self.left_px - other.left_px, self.top_px - other.top_px
        inside = left + self.width_px <= other.width_px and top + self.height_px <= other.height_px
        return left >= 0 and top >= 0 and inside

    def clipped(self, width_px: int, height_px: int) -> Box:
        """Return what of it lies in a picture of this size, or say that nothing does."""
        left, top = max(self.left_px, 0), max(self.top_px, 0)
        right = min(self.left_px + self.width_px, width_px)
        bottom = min(self.top_px + self.height_px, height_px)
        if right <= left or bottom <= top:
            raise InputError(
                f"The box {_told(self)} lies outside the crop of {width_px} x {height_px} px",
                fix="give it in pixels of the crop: those of the colour picture less the crop's "
                "left and top",
            )
        return Box(left, top, right - left, bottom - top)


def checked(box: Box, width_px: int, height_px: int) -> Box:
    """Return `box` as whole numbers, or say why it is no part of a picture of this size."""
    try:
        left, top, wide, high = map(operator.index, box)
    except (TypeError, ValueError):
        raise InputError(
            f"No box: {box!r}", fix="give Box(left_px, top_px, width_px, height_px) in whole pixels"
        ) from None
    inside = left >= 0 and top >= 0 and left + wide <= width_px and top + high <= height_px
    if not (inside and wide > 0 and high > 0):
        raise InputError(
            f"The box {_told(Box(left, top, wide, high))} is no part of the crop of "
            f"{width_px} x {height_px} px",
            fix=f"cut it to size first: box.clipped({width_px}, {height_px}); it is in pixels of "
            "the crop",
        )
    return Box(left, top, wide, high)


def _told(box: Box) -> str:
    return f"at ({box.left_px}, {box.top_px}) of {box.width_px} x {box.height_px} px"
