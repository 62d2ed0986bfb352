"""Cuts whole pictures instead of faces: the calibrated part of each frame, made small.

Depth is registered onto the colour picture, and heat laid over it through that depth: where there
is no depth, there is no heat either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.dataset.build.cutter import Picture, counted, registration, scale, told
from taver.faces import similarity

if TYPE_CHECKING:
    from calibration.rig import Rig
    from calibration.thermal.warp import ThermalWarp
    from taver.dataset.build.source import Source
    from taver.faces.points import Floats

    Part = tuple[int, int, int, int]


def part_of(rig: Rig | None, color_px: tuple[int, int]) -> Part:
    """Return what of the colour picture is cut: left, top, width, height."""
    if rig is None:
        return (0, 0, *color_px)
    crop = rig.crop
    return (crop.left_px, crop.top_px, crop.width_px, crop.height_px)


def matrix_of(part: Part, size_px: int) -> Floats:
    """Return the similarity from the colour picture to the square that this part is fitted into."""
    left, top, wide, high = part
    shrunk = size_px / max(wide, high)
    # The middle of the part is the middle of the square; what is beside it holds nothing.
    middle = np.array([left + (wide - 1) / 2, top + (high - 1) / 2])
    at = (size_px - 1) / 2 - shrunk * middle
    return np.array([[shrunk, 0.0, at[0]], [0.0, shrunk, at[1]]])


class FrameCutter:
    """Cuts the rig's crop, or the whole colour picture without a rig, into a square."""

    def __init__(self, source: Source, rig: Rig | None) -> None:
        self.source = source
        self.size_px = source.cut.size_px
        self._box = part_of(rig, source.size_px(Modality.COLOR))
        self._matrix = matrix_of(self._box, self.size_px)
        self._registration = registration(rig)
        self._warp = _warp(source, rig)

    def cut(self, modality: Modality, slot: int, frame: int) -> Picture | None:
        """Return a slot's picture, or None where there is none."""
        if modality is Modality.COLOR:
            return self._color(frame)
        if self._registration is None:
            return None
        from taver.faces import crops  # compiles

        moved = similarity.shifted(self._matrix, self._box[0], self._box[1])
        if modality is Modality.DEPTH:
            pixels = self.source.raster(modality, frame)
            if pixels is None:
                return None
            whole = self._registration.register(pixels).depth_mm
            return _seen(told(crops.depth(whole, moved, self.size_px)), self._share)
        depth_frame = self.source.frame(Modality.DEPTH, slot)
        counts = self.source.raster(Modality.THERMAL, frame)
        depth = self.source.raster(Modality.DEPTH, depth_frame) if depth_frame >= 0 else None
        if counts is None or depth is None or self._warp is None:
            return None
        if not self._warp.scale.holds(counts):
            return None
        kelvin = self._warp.warp(counts, depth).kelvin
        return _seen(
            counted(crops.heat(kelvin, moved, self.size_px), self._warp.scale), self._share
        )

    @property
    def _share(self) -> float:
        """Which part of the square the picture fills."""
        wide, high = self._box[2:]
        return min(wide, high) / max(wide, high)

    def _color(self, frame: int) -> Picture | None:
        from taver.faces import crops  # compiles

        left, top, wide, high = self._box
        try:
            part = self.source.color(frame).color((left, top, left + wide, top + high))
        except DataError:
            return None
        pixels = part.pixels[top - part.top_px :, left - part.left_px :][:high, :wide]
        moved = similarity.shifted(self._matrix, left, top)
        return _seen(told(crops.color(pixels, moved, self.size_px)), self._share)


def _seen(picture: Picture, share: float) -> Picture:
    """Return the picture with its pixels counted against those that the frame fills."""
    return picture._replace(seen=min(picture.seen / share, 1.0))


def _warp(source: Source, rig: Rig | None) -> ThermalWarp | None:
    if rig is None or rig.thermal is None or Modality.THERMAL not in source.footage:
        return None
    from calibration.thermal.warp import ThermalWarp  # compiles

    return ThermalWarp.from_rig(rig, onto="original", scale=scale(source))
