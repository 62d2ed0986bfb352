"""The thermal picture on the colour picture, point by point through depth."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.registration.box import Box
from calibration.registration.engine import Onto, Registered, Registration
from calibration.registration.project import numbers_of
from calibration.registration.refuse import refuse_mirrored
from calibration.thermal.resample import resample
from calibration.thermal.scale import Scale
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Rig
    from calibration.thermal.emission import Surface
    from taver.core.camera import Camera
    from taver.core.pose import Pose

_BORDER = 5  # points along each side of a box that are followed into the thermal picture
_MARGIN_PX = 4  # for what a lens bends between them
_HIDDEN = np.float32(
    0.015
)  # of the distance: noise and slopes stay below, an ear before a neck not


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Warped:
    """Heat as the colour camera would see it."""

    kelvin: npt.NDArray[np.float32]  # NaN is missing: no depth, hidden, outside, saturated
    depth_mm: npt.NDArray[np.uint16]  # that it came through
    camera: Camera

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Return where there is a temperature."""
        return ~np.isnan(self.kelvin)


class ThermalWarp:
    """Brings thermal pictures onto the crop of the colour picture; any number of threads may."""

    def __init__(
        self,
        registration: Registration,
        *,
        thermal: Camera,
        color_to_thermal: Pose,
        scale: Scale = Scale(),  # noqa: B008 - frozen, so sharing it is safe
        surface: Surface | None = None,
    ) -> None:
        self.registration = registration
        self.thermal = thermal
        self.scale, self.surface = scale, surface
        self._onto_thermal = registration.onto_camera(thermal, color_to_thermal)
        self._color_to_thermal = color_to_thermal
        self._numbers = numbers_of(thermal, color_to_thermal)

    @classmethod
    def from_rig(
        cls,
        rig: Rig,
        *,
        onto: Onto = "undistorted",
        scale: Scale = Scale(),  # noqa: B008 - frozen, so sharing it is safe
        surface: Surface | None = None,
    ) -> ThermalWarp:
        """Take everything from a calibration with a thermal camera."""
        if rig.thermal is None or rig.color_to_thermal is None:
            raise InputError(
                "The rig was calibrated without a thermal camera",
                fix="calibrate with a recording in which the thermal camera sees the board",
            )
        return cls(
            Registration.from_rig(rig, onto=onto),
            thermal=rig.thermal,
            color_to_thermal=rig.color_to_thermal,
            scale=scale,
            surface=surface,
        )

    def get_ready(self) -> None:
        """Compile, or load from disk, what the first picture needs, so that it is quick."""
        self.registration.get_ready()
        ir, thermal = self.registration.ir, self.thermal
        counts = np.ones((thermal.height_px, thermal.width_px), np.uint16)
        self.warp(counts, np.zeros((ir.height_px, ir.width_px), np.uint16))

    def warp(
        self,
        counts: npt.NDArray[np.uint16],
        depth_mm: npt.NDArray[np.uint16],
        *,
        box: Box | None = None,
        mirrored: bool | None = None,
    ) -> Warped:
        """Return the temperatures on the colour crop, or in a box of it."""
        refuse_mirrored(mirrored, self.registration.mirrored)
        kelvin = self.kelvin(counts)
        registered = self.registration.register(depth_mm, box=box)
        nearest_mm = self._nearest_mm(registered, depth_mm)
        corner = (0, 0) if box is None else (int(box.top_px), int(box.left_px))
        out = np.empty(registered.depth_mm.shape, np.float32)
        resample(
            registered.depth_mm,
            self._rays,
            corner,
            self._numbers,
            kelvin,
            nearest_mm,
            _HIDDEN,
            out,
        )
        return Warped(out, registered.depth_mm, registered.camera)

    def _nearest_mm(
        self, registered: Registered, depth_mm: npt.NDArray[np.uint16]
    ) -> npt.NDArray[np.uint16]:
        """Return the depth the thermal camera sees, at least where the registered points are."""
        whole = self._onto_thermal.whole
        nearest = np.zeros((whole.height_px, whole.width_px), np.uint16)
        depths = registered.depth_mm[registered.valid]
        if not len(depths):
            return nearest
        camera = registered.camera
        x = np.linspace(0, camera.width_px - 1, _BORDER)
        y = np.linspace(0, camera.height_px - 1, _BORDER)
        z = np.array([depths.min(), depths.max()], np.float64)
        u, v, z = np.meshgrid(x, y, z)
        points = camera.unproject(np.stack([u, v], axis=-1), z)
        pixels = self.thermal.project(self._color_to_thermal.apply(points)).reshape(-1, 2)
        box = whole
        if np.isfinite(pixels).all():
            left, top = np.floor(pixels.min(axis=0)).astype(int) - _MARGIN_PX
            right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + _MARGIN_PX
            if right <= 0 or bottom <= 0 or left >= whole.width_px or top >= whole.height_px:
                return nearest
            box = Box(int(left), int(top), int(right - left), int(bottom - top))
            box = box.clipped(whole.width_px, whole.height_px)
        part = np.s_[
            box.top_px : box.top_px + box.height_px, box.left_px : box.left_px + box.width_px
        ]
        nearest[part] = self._onto_thermal.register(depth_mm, box=box).depth_mm
        return nearest

    def kelvin(self, counts: Any) -> npt.NDArray[np.float32]:
        """Return the temperatures of a thermal picture of this rig's camera."""
        shape = np.shape(counts)
        wanted = (self.thermal.height_px, self.thermal.width_px)
        if shape != wanted:
            size = " x ".join(map(str, shape[::-1])) or "a single number"
            raise InputError(
                f"A thermal picture of {size}, for a camera of {wanted[1]} x {wanted[0]} px",
                fix="give the thermal camera's own picture, uncut, as (height, width); a camera in "
                "another mode needs its own calibration",
            )
        kelvin = self.scale.kelvin(counts)
        return kelvin if self.surface is None else self.surface.true_kelvin(kelvin)

    @functools.cached_property
    def _rays(self) -> npt.NDArray[np.float32]:
        """Return the crop's directions in the thermal camera's frame, (3, H, W)."""
        camera = self.registration.camera
        v, u = np.mgrid[: camera.height_px, : camera.width_px]
        rays = camera.rays(np.stack([u, v], axis=-1)) @ self._color_to_thermal.rotation_matrix.T
        return np.ascontiguousarray(np.moveaxis(rays, -1, 0), np.float32)
