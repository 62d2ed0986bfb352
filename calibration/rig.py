"""rig.json: what is known of the cameras together, how well, and what it was found from.

Frames are the cameras' own (x right, y down, z forward, millimetres); a pose a_to_b gives
X_b = R X_a + t. Everything fits pictures as they were recorded: `mirrored` tells whether those were
mirrored left to right, as a raw Kinect's are, for then the baseline points the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import msgspec
import numpy as np

from taver.core.camera import Camera
from taver.core.document import Document, Part
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.pose import Pose

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.vectors import Floats

Method = Literal["joint", "iai", "imported", "factory"]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=100_000)]

UNITS: Final = {
    "length": "mm",
    "picture": "px, (0, 0) is the centre of the top left pixel",
    "angle": "rad",
    "depth_shift_mm": "true z less the sensor's z, added to every pixel that measured anything",
}


class Crop(Part, frozen=True, kw_only=True):
    """The part of the colour picture that depth and colour are brought to."""

    left_px: Pixels = 256
    top_px: Pixels = 144
    width_px: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1408
    height_px: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 792


class ShiftAccount(Part, frozen=True, kw_only=True):
    """How the depth shift was measured, and how far from one number it is."""

    sigma_mm: float  # of the shift itself
    per_m_mm: float  # how much it grows with a metre more of distance
    per_m_sigma_mm: float
    per_radius_mm: float  # from the middle of the picture to one focal length away from it
    per_radius_sigma_mm: float
    noise_mm: float  # of one pixel, robustly
    pixels: int  # that were used
    views: int


class Uncertainty(Part, frozen=True, kw_only=True):
    """The covariance of all that was solved for, by parameter, such as `color.fx_px`.

    Rotations are small turns (rx, ry, rz) in the frame a pose leads to, in radians.
    """

    parameters: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...]  # its lower triangle, row by row

    def __post_init__(self) -> None:
        rows = [len(row) for row in self.covariance]
        if rows != list(range(1, len(self.parameters) + 1)):
            raise InputError(
                f"A covariance with rows of {rows} numbers for {len(self.parameters)} parameters",
                fix="calibrate the rig again",
            )

    @classmethod
    def from_matrix(cls, parameters: tuple[str, ...], covariance: npt.ArrayLike) -> Uncertainty:
        """Take the whole symmetric matrix."""
        matrix = np.asarray(covariance, np.float64)
        rows = tuple(tuple(row[: at + 1].tolist()) for at, row in enumerate(matrix))
        return cls(parameters=parameters, covariance=rows)

    @property
    def matrix(self) -> Floats:
        """Return the whole symmetric matrix."""
        size = len(self.parameters)
        lower = np.zeros((size, size))
        for at, row in enumerate(self.covariance):
            lower[at, : at + 1] = row
        return np.asarray(lower + np.tril(lower, -1).T)

    @property
    def sigma(self) -> dict[str, float]:
        """Return one standard deviation of each parameter."""
        return {
            name: float(np.sqrt(max(row[-1], 0.0)))
            for name, row in zip(self.parameters, self.covariance, strict=True)
        }


class Quality(Part, frozen=True, kw_only=True):
    """What the calibration itself says of how good it is."""

    rms_px: dict[str, float] = msgspec.field(default_factory=dict)  # by camera
    held_out_px: dict[str, float] = msgspec.field(default_factory=dict)  # by camera
    transfer_px: dict[str, float] = msgspec.field(default_factory=dict)  # "color to thermal"
    views: dict[str, int] = msgspec.field(default_factory=dict)  # used, by camera
    rejected: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    verdict: str = ""


class Rig(Document, frozen=True, kw_only=True):
    """The calibrated rig; the depth camera is the infrared camera, its z off by the shift."""

    FORMAT: ClassVar[str] = "taver-rig"
    VERSION: ClassVar[int] = 1

    color: Camera
    ir: Camera
    thermal: Camera | None = None
    ir_to_color: Pose
    color_to_thermal: Pose | None = None
    depth_shift_mm: float = 0.0  # true z less the sensor's z
    depth_shift: ShiftAccount | None = None  # None where it was not measured but given
    uncertainty: Uncertainty | None = None
    mirrored: bool = False
    crop: Crop = Crop()
    serials: dict[Modality, str] = msgspec.field(default_factory=dict)
    units: dict[str, str] = msgspec.field(default_factory=lambda: dict(UNITS))
    made: str = ""  # date and time, ISO 8601
    method: Method = "joint"
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    inputs: dict[str, str] = msgspec.field(default_factory=dict)  # name: fingerprint
    software: dict[str, str] = msgspec.field(default_factory=dict)
    quality: Quality = Quality()
    simulated: bool = False

    def __post_init__(self) -> None:
        problems = []
        if (self.thermal is None) != (self.color_to_thermal is None):
            problems.append("thermal and color_to_thermal belong together")
        if not abs(self.depth_shift_mm) < 1000.0:
            problems.append(f"depth_shift_mm is {self.depth_shift_mm}")
        right = self.crop.left_px + self.crop.width_px
        below = self.crop.top_px + self.crop.height_px
        if self.crop != Crop() and (right > self.color.width_px or below > self.color.height_px):
            problems.append("the crop reaches out of the colour picture")
        if self.units != UNITS:
            problems.append("its units are not taver's (mm, px, rad)")
        if problems:
            raise InputError(
                f"No rig can be like this: {'; '.join(problems)}",
                fix="calibrate the rig again: taver calibrate --session NAME",
                problems=problems,
            )

    @property
    def cameras(self) -> dict[Modality, Camera]:
        """Return the cameras there are, depth among them: it is the infrared one."""
        found = {Modality.COLOR: self.color, Modality.IR: self.ir, Modality.DEPTH: self.ir}
        return found if self.thermal is None else {**found, Modality.THERMAL: self.thermal}

    def from_color(self, modality: Modality) -> Pose:
        """Return the pose from the colour camera's frame to that of `modality`."""
        if modality is Modality.COLOR:
            return Pose()
        if modality is Modality.THERMAL:
            if self.color_to_thermal is None:
                raise InputError(
                    "The rig was calibrated without a thermal camera",
                    fix="calibrate with a recording in which the thermal camera sees the board",
                )
            return self.color_to_thermal
        return self.ir_to_color.inverse()
