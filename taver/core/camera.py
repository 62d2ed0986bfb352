"""A camera: where points in front of it are seen, and which points its pixels saw.

Its frame is OpenCV's: x to the right, y down, z along the optical axis, in millimetres. A pixel's
whole-numbered coordinate is its centre: (0, 0) is the middle of the top left pixel, and a picture
reaches from -0.5 to width - 0.5. What cannot be seen, and what was not measured, is NaN.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from taver.core.distortion import Distortion
from taver.core.errors import InputError
from taver.core.vectors import as_floats, as_vectors, nan_as_a_whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.vectors import Floats


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pinhole with a lens: focal lengths and principal point in pixels of this picture size."""

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    distortion: Distortion = Distortion()

    def __post_init__(self) -> None:
        problems = []
        for name in ("width_px", "height_px"):
            try:
                size = operator.index(getattr(self, name))
            except TypeError:
                size = 0
            if size < 1:
                problems.append(f"{name} is {getattr(self, name)!r}, not a whole number above 0")
            msgspec.structs.force_setattr(self, name, size)  # numpy's numbers are not for JSON
        for name in ("fx_px", "fy_px", "cx_px", "cy_px"):
            value = float(getattr(self, name))
            if not math.isfinite(value):
                problems.append(f"{name} is {value}, not a finite number")
            elif name.startswith("f") and value <= 0:
                problems.append(f"{name} is {value}, not above 0")
            msgspec.structs.force_setattr(self, name, value)
        if problems:
            raise InputError(
                f"No camera can be like this: {'; '.join(problems)}",
                fix="calibrate it again, or correct these numbers",
                problems=problems,
            )

    @classmethod
    def from_matrix(
        cls,
        matrix: npt.ArrayLike,
        *,
        width_px: int,
        height_px: int,
        distortion: Distortion = Distortion(),  # noqa: B008 - frozen, so sharing it is safe
    ) -> Camera:
        """Take OpenCV's 3x3 camera matrix for pictures of this size."""
        m = as_floats(matrix, "entries of the camera matrix")
        if m.shape != (3, 3) or m[0, 1] != 0 or m[1, 0] != 0 or m[2].tolist() != [0, 0, 1]:
            raise InputError(
                f"No camera matrix: {m.tolist()}",
                fix="give [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]; skewed pixels are not modelled",
            )
        return cls(
            width_px=width_px,
            height_px=height_px,
            fx_px=m[0, 0],
            fy_px=m[1, 1],
            cx_px=m[0, 2],
            cy_px=m[1, 2],
            distortion=distortion,
        )

    @property
    def matrix(self) -> Floats:
        """Return OpenCV's 3x3 camera matrix."""
        return np.array(
            [[self.fx_px, 0.0, self.cx_px], [0.0, self.fy_px, self.cy_px], [0.0, 0.0, 1.0]]
        )

    def scaled(self, width_px: int, height_px: int) -> Camera:
        """Return the camera of the same view resampled to another number of pixels."""
        # The outer edges of both pictures fall together, not the centres of their first pixels.
        along_x, along_y = width_px / self.width_px, height_px / self.height_px
        return msgspec.structs.replace(
            self,
            width_px=width_px,
            height_px=height_px,
            fx_px=self.fx_px * along_x,
            fy_px=self.fy_px * along_y,
            cx_px=(self.cx_px + 0.5) * along_x - 0.5,
            cy_px=(self.cy_px + 0.5) * along_y - 0.5,
        )

    def cropped(self, left_px: int, top_px: int, width_px: int, height_px: int) -> Camera:
        """Return the camera of a part of the picture, whose first pixel is (left, top) in it."""
        return msgspec.structs.replace(
            self,
            width_px=width_px,
            height_px=height_px,
            cx_px=self.cx_px - left_px,
            cy_px=self.cy_px - top_px,
        )

    def project(self, points_mm: npt.ArrayLike) -> Floats:
        """Return the pixels (..., 2) at which the points (..., 3) are seen, inside or outside.

        NaN for what has no picture: points beside or behind the camera, not finite, or so far off
        the axis that the distortion would fold them back. `contains` tells what is in the picture.
        """
        points = as_vectors(points_mm, 3, "points")
        z = points[..., 2:]
        with np.errstate(all="ignore"):  # what overflows is at no pixel
            ideal = points[..., :2] / np.where((z > 0) & np.isfinite(z), z, np.nan)
            pixels = self.distortion.distort(ideal)
            pixels *= (self.fx_px, self.fy_px)
            pixels += (self.cx_px, self.cy_px)
        return nan_as_a_whole(pixels)

    def rays(self, pixels: npt.ArrayLike) -> Floats:
        """Return the directions (..., 3) the pixels look in, with z = 1; NaN beyond the lens."""
        at = as_vectors(pixels, 2, "pixels")
        ideal = self.distortion.undistort(
            (at - (self.cx_px, self.cy_px)) / (self.fx_px, self.fy_px)
        )
        rays = np.ones((*ideal.shape[:-1], 3))
        rays[..., :2] = ideal
        rays[np.isnan(ideal[..., 0]), 2] = np.nan
        return rays

    def unproject(self, pixels: npt.ArrayLike, depth_mm: npt.ArrayLike) -> Floats:
        """Return the points (..., 3) seen at the pixels (..., 2), whose z is `depth_mm` (...).

        Depth is along the optical axis, as depth cameras give it, not along the ray. A depth that
        is not above 0 is a hole, and its point NaN.
        """
        depth = as_floats(depth_mm, "depths")
        rays = self.rays(pixels)
        try:
            np.broadcast_shapes(rays.shape[:-1], depth.shape)
        except ValueError:
            raise InputError(
                f"Pixels of the shape {rays.shape[:-1]} with depths of the shape {depth.shape}",
                fix="give one depth a pixel, or one for all",
            ) from None
        measured = np.where((depth > 0) & np.isfinite(depth), depth, np.nan)
        points: Floats = rays * measured[..., np.newaxis]
        return points

    def contains(self, pixels: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell which of the pixels (..., 2) are in the picture; NaN is not."""
        at = as_vectors(pixels, 2, "pixels")
        u, v = at[..., 0], at[..., 1]
        inside = (u >= -0.5) & (u < self.width_px - 0.5) & (v >= -0.5) & (v < self.height_px - 0.5)
        return np.asarray(inside)
