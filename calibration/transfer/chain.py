"""The way of a point from a colour pixel to another camera, for any values of the calibration."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from taver.core.distortion import Distortion
from taver.core.pose import Pose

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.camera import Camera

    Floats = npt.NDArray[np.float64]

_BROWN: Final = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
_TURN: Final = ("rx_rad", "ry_rad", "rz_rad")
_MOVE: Final = ("tx_mm", "ty_mm", "tz_mm")


@dataclasses.dataclass(frozen=True, slots=True)
class Chain:
    """Cameras and poses by name; the depth camera is `ir`, points come from `color`."""

    color: Camera
    ir: Camera
    ir_to_color: Pose
    target: Camera
    color_to_target: Pose
    name: str  # of the target: "ir" or "thermal"
    shift_mm: float = 0.0  # by how much the depth shift is off

    def points(self, pixels: Floats, z_mm: Floats) -> Floats:
        """Return the points (N, 3) in the colour camera's frame."""
        return self.color.unproject(pixels, z_mm)

    def seen(self, points_mm: Floats) -> Floats:
        """Return the target's pixels (N, 2) of points in the colour camera's frame."""
        return self.target.project(self.color_to_target.apply(points_mm))

    def varied(self, parameter: str, by: float) -> Chain | None:
        """Return the chain with one calibrated parameter changed; None if it has no part in it."""
        if parameter == "depth_shift_mm":
            return dataclasses.replace(self, shift_mm=self.shift_mm + by)
        owner, _, name = parameter.rpartition(".")
        if owner == "color":
            return dataclasses.replace(self, color=_varied(self.color, name, by))
        if owner == "ir" and self.name != "ir":
            return None  # by it a depth pixel looks elsewhere, by far less than it is wide
        if owner == self.name:
            return dataclasses.replace(self, target=_varied(self.target, name, by))
        one, _, other = owner.partition("_to_")
        if {one, other} == {"ir", "color"}:
            pose = _turned(self.ir_to_color, name, by, backwards=one == "color")
            to = pose.inverse() if self.name == "ir" else self.color_to_target
            return dataclasses.replace(self, ir_to_color=pose, color_to_target=to)
        if {one, other} == {"color", self.name}:
            pose = _turned(self.color_to_target, name, by, backwards=one != "color")
            return dataclasses.replace(self, color_to_target=pose)
        return None

    def found(self, pixels: Floats, truth: Chain, z_mm: Floats) -> Floats:
        """Return where these pixels are found if this is the calibration and depth came by `truth`.

        What the depth camera measured stays what it was; only what is made of it changes.
        """
        back = truth.ir_to_color.inverse().apply(truth.points(pixels, z_mm))
        back = back * (1.0 + self.shift_mm / back[:, 2:])
        return self.seen(self.points(pixels, self.ir_to_color.apply(back)[:, 2]))


def _varied(camera: Camera, name: str, by: float) -> Camera:
    if name in _BROWN:
        size = 8 if _BROWN.index(name) >= 5 else max(len(camera.distortion.coefficients), 5)
        coefficients = [*camera.distortion.coefficients, *([0.0] * 8)][:size]
        coefficients[_BROWN.index(name)] += by
        distortion = Distortion(coefficients=tuple(coefficients))
        return msgspec.structs.replace(camera, distortion=distortion)
    return msgspec.structs.replace(camera, **{name: getattr(camera, name) + by})


def _turned(pose: Pose, name: str, by: float, *, backwards: bool) -> Pose:
    """Return the pose with one of its six numbers changed, or with one of its inverse's."""
    if backwards:
        return _turned(pose.inverse(), name, by, backwards=False).inverse()
    turn, move = np.zeros(3), np.zeros(3)
    if name in _TURN:
        turn[_TURN.index(name)] = by
    else:
        move[_MOVE.index(name)] = by
    rotation = Pose.from_rotation_vector(turn).rotation_matrix @ pose.rotation_matrix
    return Pose.from_matrix(rotation, np.asarray(pose.translation_mm) + move)
