"""The simulated rig's cameras: where they are, and what their lenses do."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.pose import Pose

_LARGEST_PX = 8192
_FIELD_DEG = (5.0, 130.0)  # across the picture; beyond that no pinhole model holds
_FARTHEST_MM = 1_000.0  # cameras that look at one face are closer together than this
_LARGEST_SHIFT_MM = 100.0
_MEETING_MM = 1_000.0  # where a person sits: every camera must look there


class RigCamera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera, and the way from the colour camera's frame into its own."""

    camera: Camera
    from_color: Pose


class Rig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Kinect v2 and an A65 side by side; depth is what the infrared camera measures."""

    color: RigCamera
    ir: RigCamera
    thermal: RigCamera
    depth_shift_mm: float  # true z less the z that the sensor tells

    def __post_init__(self) -> None:
        problems = [
            f"{name}: {problem}"
            for name, one in (("color", self.color), ("ir", self.ir), ("thermal", self.thermal))
            for problem in (*_problems_of_lens(one.camera), *_problems_of_place(one))
        ]
        if self.color.from_color != Pose():
            problems.append("color: the world is this camera's frame, so its pose is no other")
        if not abs(self.depth_shift_mm) <= _LARGEST_SHIFT_MM:
            problems.append(
                f"depth_shift_mm is {self.depth_shift_mm}, not within {_LARGEST_SHIFT_MM:g} mm"
            )
        if problems:
            raise InputError(
                f"No rig can be like this: {'; '.join(problems)}",
                fix="start from standard_rig(), and change one number at a time",
                problems=problems,
            )

    def of(self, modality: Modality) -> RigCamera:
        """Return the camera that takes `modality`."""
        return {
            Modality.COLOR: self.color,
            Modality.DEPTH: self.ir,
            Modality.IR: self.ir,
            Modality.THERMAL: self.thermal,
        }[modality]


def standard_rig() -> Rig:
    """Return the rig as its data sheets say: every simulated session's unless it asks for more."""
    return _rig(np.zeros(_FREEDOMS))


def rig_by_seed(seed: int) -> Rig:
    """Return one device of many: no two lenses, mounts and depth shifts are quite the same."""
    return _rig(np.random.default_rng((_SALT, seed)).uniform(-1.0, 1.0, _FREEDOMS))


_SALT = 0x72_69_67  # keeps these random numbers apart from others of the same seed
_FREEDOMS = 40


def _rig(vary: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Rig:
    """Build the rig whose parts are off the standard by `vary`, from -1 to 1 each."""
    v = iter(vary.tolist())

    def lens(
        size_px: tuple[int, int],
        f_px: float,
        centre_px: tuple[float, float],
        brown: tuple[float, float, float, float, float],
    ) -> Camera:
        f_px *= 1.0 + 0.006 * next(v)
        k1, k2, p1, p2, k3 = brown
        return Camera(
            width_px=size_px[0],
            height_px=size_px[1],
            fx_px=f_px,
            fy_px=f_px * (1.0 + 0.001 * next(v)),
            cx_px=centre_px[0] + 0.008 * size_px[0] * next(v),
            cy_px=centre_px[1] + 0.008 * size_px[1] * next(v),
            distortion=Distortion(
                coefficients=(
                    k1 * (1.0 + 0.1 * next(v)),
                    k2 * (1.0 + 0.1 * next(v)),
                    p1 + 0.0004 * next(v),
                    p2 + 0.0004 * next(v),
                    k3 * (1.0 + 0.1 * next(v)),
                )
            ),
        )

    def place(
        centre_mm: tuple[float, float, float],
        off_mm: float,
        turned_deg: tuple[float, float, float],
        off_deg: float,
    ) -> Pose:
        """Stand a camera at `centre_mm` of the world, turned right, down and clockwise."""
        centre = [value + off_mm * next(v) for value in centre_mm]
        right, down, clockwise = (math.radians(deg + off_deg * next(v)) for deg in turned_deg)
        turn = Pose.from_rotation_vector((down, -right, -clockwise))
        return Pose.from_matrix(turn.rotation_matrix, -turn.rotation_matrix @ np.array(centre))

    return Rig(
        color=RigCamera(
            camera=lens(
                (1920, 1080), 1081.4, (959.5, 539.5), (0.0512, -0.0603, 0.0005, -0.0008, 0.0141)
            ),
            from_color=Pose(),
        ),
        ir=RigCamera(
            camera=lens(
                (512, 424), 365.5, (254.9, 205.4), (0.0905, -0.2682, 0.0003, -0.0002, 0.0951)
            ),
            from_color=place((52.0, 0.4, -0.9), 0.8, (0.35, -0.2, 0.15), 0.3),
        ),
        thermal=RigCamera(
            # The 13 mm lens over pixels of 17 um: 45 by 37 degrees. Germanium barrels visibly.
            camera=lens((640, 512), 764.7, (319.5, 255.5), (-0.192, 0.118, 0.0004, 0.0003, -0.021)),
            from_color=place((-92.0, 31.0, 6.0), 4.0, (4.5, -1.6, 0.4), 0.8),
        ),
        depth_shift_mm=-24.0 + 12.0 * next(v),
    )


def _problems_of_lens(camera: Camera) -> list[str]:
    if max(camera.width_px, camera.height_px) > _LARGEST_PX:
        return [f"{camera.width_px} x {camera.height_px} pixels are more than {_LARGEST_PX} a side"]
    problems = []
    for name, size_px, f_px, centre_px in (
        ("x", camera.width_px, camera.fx_px, camera.cx_px),
        ("y", camera.height_px, camera.fy_px, camera.cy_px),
    ):
        across_deg = math.degrees(2.0 * math.atan(size_px / (2.0 * f_px)))
        if not _FIELD_DEG[0] <= across_deg <= _FIELD_DEG[1]:
            problems.append(
                f"f{name}_px = {f_px:g} sees {across_deg:.3g} degrees over {size_px} px"
            )
        if not 0.0 <= centre_px <= size_px - 1:
            problems.append(f"c{name}_px = {centre_px:g} lies outside the {size_px} px")
    right, bottom = camera.width_px - 1, camera.height_px - 1
    corners = np.array([(0, 0), (right, 0), (0, bottom), (right, bottom)], np.float64)
    if not problems and np.isnan(camera.rays(corners)).any():
        problems.append("the distortion folds the picture before its corners")
    return problems


def _problems_of_place(one: RigCamera) -> list[str]:
    problems = []
    apart_mm = float(np.linalg.norm(one.from_color.translation_mm))
    if apart_mm > _FARTHEST_MM:
        problems.append(f"it stands {apart_mm:.0f} mm from the colour camera")
    meeting = one.from_color.apply((0.0, 0.0, _MEETING_MM))
    if not one.camera.contains(one.camera.project(meeting)):
        problems.append("it does not see the place a metre before the colour camera")
    return problems
