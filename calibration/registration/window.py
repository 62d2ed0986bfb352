"""Which depth pixels a part of the colour picture can need, whatever the depths are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled
from calibration.registration.gaps import WIDEST

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.registration.box import Box
    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_STEP_PX = 16  # between the colour pixels that are looked up
_MORE_PX = 3  # for what lies between them, and for neighbours
_BEYOND = 1.02  # of the range, for what lies between the corners that are looked at
_NEAREST = 0.2  # of the range's near end: cameras that look far apart see no surface nearer
_LEVELS = 9  # of the range, at even steps of the inverse depth: the way parallax goes


class Window:
    """A table of where colour pixels lie in the depth picture, from the nearest depth to the last.

    Between two depths the place moves along a line, so they bound it.
    """

    def __init__(
        self, color: Camera, ir: Camera, color_to_ir: Pose, nearest_mm: float, farthest_mm: float
    ) -> None:
        columns = np.arange(-_STEP_PX, color.width_px + 2 * _STEP_PX, _STEP_PX)
        rows = np.arange(-_STEP_PX, color.height_px + 2 * _STEP_PX, _STEP_PX)
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1)
        self._shares, self._shift_mm = _shares(ir, color_to_ir.inverse())
        self._least_mm = _NEAREST * nearest_mm
        near, far = self._seen_mm(nearest_mm, farthest_mm)
        self._inverse = np.linspace(1.0 / near, 1.0 / far, _LEVELS)
        more = np.array([WIDEST + _MORE_PX, _MORE_PX])
        size = (ir.width_px, ir.height_px)
        low, high = [], []
        for inverse in self._inverse:
            place = ir.project(color_to_ir.apply(color.unproject(pixels, 1.0 / inverse)))
            # Where a node is seen by no lens, NaN, anything may be near it.
            seen = np.isfinite(place).all(axis=-1, keepdims=True)
            low.append(np.clip(np.where(seen, np.floor(place) - more, 0), 0, size))
            high.append(np.clip(np.where(seen, np.ceil(place) + 1 + more, np.inf), 0, size))
        self._low = np.ascontiguousarray(low, np.int64)
        self._high = np.ascontiguousarray(high, np.int64)

    def of(self, box: Box) -> tuple[slice, slice]:
        """Return the rows and columns of the depth picture that may be seen in `box`."""
        return self._between(box, 0, _LEVELS - 1)

    def within(self, box: Box, nearest_mm: float, farthest_mm: float) -> tuple[slice, slice]:
        """Return those where no depth is nearer or farther than these, in the depth camera."""
        near, far = self._seen_mm(nearest_mm, farthest_mm)
        # The first level that is no farther than the nearest, the last one that is no nearer.
        first = int((self._inverse >= 1.0 / near).sum()) - 1
        last = _LEVELS - int((self._inverse <= 1.0 / far).sum())
        return self._between(box, max(first, 0), min(last, _LEVELS - 1))

    def _between(self, box: Box, nearest: int, farthest: int) -> tuple[slice, slice]:
        first_row, first_column = box.top_px // _STEP_PX, box.left_px // _STEP_PX
        last_row = -(-(box.top_px + box.height_px) // _STEP_PX) + 3
        last_column = -(-(box.left_px + box.width_px) // _STEP_PX) + 3
        left, top, right, bottom = _ends(
            self._low, self._high, nearest, farthest, first_row, last_row, first_column, last_column
        )
        return slice(top, max(bottom, top)), slice(left, max(right, left))

    def _seen_mm(self, nearest_mm: float, farthest_mm: float) -> tuple[float, float]:
        """Return how near and how far the colour camera may see what the depth camera measured."""
        ends = [share * z_mm + self._shift_mm for share in self._shares
                for z_mm in (nearest_mm, farthest_mm)]  # fmt: skip
        nearest = max(min(ends) / _BEYOND, self._least_mm)
        return nearest, max(max(ends) * _BEYOND, 2.0 * nearest)


@compiled
def _ends(
    low: Ints, high: Ints, nearest: int, farthest: int,
    first_row: int, last_row: int, first_column: int, last_column: int,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Return left, top, right and bottom of what is between two levels, at some of the nodes."""
    left, top, right, bottom = 0, 0, 0, 0
    begun = False
    for level in (nearest, farthest):
        for row in range(first_row, min(last_row, low.shape[1])):
            for column in range(first_column, min(last_column, low.shape[2])):
                x, y = low[level, row, column, 0], low[level, row, column, 1]
                left, top = (min(left, x), min(top, y)) if begun else (x, y)
                right = max(right, high[level, row, column, 0])
                bottom = max(bottom, high[level, row, column, 1])
                begun = True
    return int(left), int(top), int(right), int(bottom)


def _shares(ir: Camera, ir_to_color: Pose) -> tuple[tuple[float, float], float]:
    """Return by what share of itself a depth is one for the other camera, and what is added."""
    across, down = np.linspace(0, ir.width_px - 1, 9), np.linspace(0, ir.height_px - 1, 9)
    rays = ir.rays(np.stack(np.meshgrid(across, down), axis=-1)).reshape(-1, 3)
    rays = rays[np.isfinite(rays[:, 0])]
    shift_mm = float(ir_to_color.translation_mm[2])
    shares = ir_to_color.apply(rays)[:, 2] - shift_mm
    return (float(shares.min()), float(shares.max())), shift_mm
