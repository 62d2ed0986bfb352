"""The face as points in space, each as warm as the thermal camera sees it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.thermal.warp import ThermalWarp
from capture import shades
from taver.core.codec import decode
from taver.core.errors import DataError, InputError
from taver.core.frames import Modality

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Rig
    from taver.core.session.footage import Footage

_ROOM: Final = 0.35  # of the landmarks' box is added on each side: forehead, ears, chin
_MOST_POINTS: Final = 6000
_BEHIND_MM: Final = 200.0  # what is farther behind the face than this is the room
_HEAT_K: Final = (293.15, 313.15)


class Cloud(NamedTuple):
    """Points in the colour camera's frame, and their colours."""

    points_m: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]


class Clouds:
    """Makes a cloud of each moment for which there is depth."""

    def __init__(self, rig: Rig, depth: Footage, thermal: Footage | None) -> None:
        self._depth, self._thermal = depth, thermal
        self._warp = (
            ThermalWarp.from_rig(rig, onto="original")
            if thermal is not None and rig.thermal is not None
            else None
        )
        self._registration = (
            Registration.from_rig(rig, onto="original")
            if self._warp is None
            else self._warp.registration
        )
        self._crop = rig.crop

    def at(self, box: npt.NDArray[Any], depth_frame: int, thermal_frame: int) -> Cloud | None:
        """Return the points in a box of the colour picture, or None where nothing is known."""
        if depth_frame < 0 or not np.isfinite(box).all():
            return None
        try:
            part = self._part(box)
            depth = _pixels(self._depth, Modality.DEPTH, depth_frame)
            if self._warp is not None and self._thermal is not None and thermal_frame >= 0:
                counts = _pixels(self._thermal, Modality.THERMAL, thermal_frame)
                warped = self._warp.warp(counts, depth, box=part)
                z_mm, camera, kelvin = warped.depth_mm, warped.camera, warped.kelvin
            else:
                registered = self._registration.register(depth, box=part)
                z_mm, camera = registered.depth_mm, registered.camera
                kelvin = np.full(z_mm.shape, np.nan, np.float32)
        except (DataError, InputError):  # a damaged frame; a face outside what both cameras see
            return None
        valid = z_mm > 0
        if not valid.any():
            return None
        valid &= z_mm < np.median(z_mm[valid]) + _BEHIND_MM
        # Every so many rows and columns: one in so many points would draw stripes.
        step = math.ceil(math.sqrt(valid.sum() / _MOST_POINTS))
        v, u = np.nonzero(valid[::step, ::step])
        v, u = v * step, u * step
        points = camera.unproject(np.stack([u, v], axis=-1).astype(float), z_mm[v, u].astype(float))
        return Cloud((points / 1000.0).astype(np.float32), _warm(kelvin[v, u]))

    def _part(self, box: npt.NDArray[Any]) -> Box:
        """Return the box with some room around it, in pixels of the crop."""
        left, top, right, bottom = (float(edge) for edge in box)
        wide, high = (right - left) * _ROOM, (bottom - top) * _ROOM
        camera = self._registration.camera
        return Box(
            round(left - wide) - self._crop.left_px,
            round(top - high) - self._crop.top_px,
            round(right - left + 2 * wide),
            round(bottom - top + 2 * high),
        ).clipped(camera.width_px, camera.height_px)


def _pixels(footage: Footage, modality: Modality, frame: int) -> npt.NDArray[np.uint16]:
    header = footage.header
    pixels: Any = decode(modality, footage.read(frame).data, header.height_px, header.width_px)
    return np.asarray(pixels, np.uint16)


def _warm(kelvin: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the shades of temperatures; grey where none is known."""
    low, high = _HEAT_K
    # Counts of 0.01 K, so that one table of shades serves pictures and points.
    counts = np.nan_to_num(kelvin * 100.0, nan=0.0).astype(np.uint16)
    within = shades.Bounds(low=low * 100, high=high * 100, said="")
    (colors,) = shades.shown(Modality.THERMAL, counts[None], within)
    return np.asarray(colors, np.uint8)
