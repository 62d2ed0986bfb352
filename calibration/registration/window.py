"""Which depth pixels a part of the colour picture can need, whatever the depths are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


class Window:
    """A table of where colour pixels lie in the depth picture at the nearest and farthest depth.

    Between these two the place moves along a line, so they bound it.
    """

    def __init__(
        self, color: Camera, ir: Camera, color_to_ir: Pose, nearest_mm: float, farthest_mm: float
    ) -> None:
        self._ir = ir
        columns = np.arange(-_STEP_PX, color.width_px + 2 * _STEP_PX, _STEP_PX)
        rows = np.arange(-_STEP_PX, color.height_px + 2 * _STEP_PX, _STEP_PX)
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1)
        places = [
            ir.project(color_to_ir.apply(color.unproject(pixels, z_mm)))
            for z_mm in _range_mm(ir, color_to_ir.inverse(), nearest_mm, farthest_mm)
        ]
        # Where a node is seen by no lens, NaN, anything may be near it.
        for_sure = np.isfinite(np.stack(places)).all(axis=0).all(axis=-1, keepdims=True)
        low, high = np.minimum(*places), np.maximum(*places)
        more = np.array([WIDEST + _MORE_PX, _MORE_PX])
        low = np.where(for_sure, np.floor(low) - more, 0)
        high = np.where(for_sure, np.ceil(high) + 1 + more, np.inf)
        size = (ir.width_px, ir.height_px)
        self._left, self._top = _planes(low, size)
        self._right, self._bottom = _planes(high, size)

    def of(self, box: Box) -> tuple[slice, slice]:
        """Return the rows and columns of the depth picture that may be seen in `box`."""
        first_row, first_column = box.top_px // _STEP_PX, box.left_px // _STEP_PX
        last_row = -(-(box.top_px + box.height_px) // _STEP_PX) + 3
        last_column = -(-(box.left_px + box.width_px) // _STEP_PX) + 3
        nodes = np.s_[first_row:last_row, first_column:last_column]
        top, bottom = int(self._top[nodes].min()), int(self._bottom[nodes].max())
        left, right = int(self._left[nodes].min()), int(self._right[nodes].max())
        return slice(top, max(bottom, top)), slice(left, max(right, left))


def _range_mm(
    ir: Camera, ir_to_color: Pose, nearest_mm: float, farthest_mm: float
) -> tuple[float, float]:
    """Return how near and how far the colour camera may see what the depth camera measured."""
    across, down = np.linspace(0, ir.width_px - 1, 9), np.linspace(0, ir.height_px - 1, 9)
    rays = ir.rays(np.stack(np.meshgrid(across, down), axis=-1)).reshape(-1, 3)
    rays = rays[np.isfinite(rays[:, 0])]
    ends = [ir_to_color.apply(rays * z_mm)[:, 2] for z_mm in (nearest_mm, farthest_mm)]
    nearest = max(float(np.min(ends)) / _BEYOND, _NEAREST * nearest_mm)
    return nearest, max(float(np.max(ends)) * _BEYOND, 2.0 * nearest)


def _planes(places: Floats, size: tuple[int, int]) -> tuple[Ints, Ints]:
    """Return the columns and the rows of places in a picture of this size, as whole numbers."""
    x, y = np.moveaxis(np.clip(places, 0, size), -1, 0).astype(np.int64)
    return np.ascontiguousarray(x), np.ascontiguousarray(y)
