"""Transfer: points of the colour picture in, the same points in depth or heat out."""

from __future__ import annotations

import dataclasses
import enum
import functools
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from calibration.registration.box import Box
from calibration.registration.engine import Onto, Registration
from calibration.registration.refuse import refuse_mirrored
from calibration.transfer import doubt
from calibration.transfer.chain import Chain
from calibration.transfer.sample import Sampled, sample
from taver.core.errors import InputError
from taver.core.vectors import as_vectors

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Rig, Uncertainty
    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]

Target = Literal["depth", "thermal"]
_REACH_PX: Final = 3  # a depth pixel, in colour pixels
_CONFIRM_PX: Final = 2  # within which the target has to see the point's own surface
_ON_SURFACE: Final = 0.012  # of the distance: as near to it as noise and slope allow
_MARGIN_PX: Final = 12
_ASIDE: Final = 0.5  # a depth pixel may lie half its width beside where it is told


class State(enum.IntEnum):
    """What became of a point."""

    VISIBLE = 0
    OCCLUDED = 1  # in the target something nearer is in front of it, or its surface is not seen
    OUTSIDE = 2  # of the target's picture
    NO_DEPTH = 3  # there is none at the point, or the point is outside the crop


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Transferred:
    """Points in the target's picture; where there is no depth all is NaN."""

    pixels: Floats  # (N, 2)
    state: npt.NDArray[np.uint8]  # (N,) `State`
    sigma_px: Floats  # (N,) one standard deviation of a coordinate
    points_mm: Floats  # (N, 3) in the colour camera's frame

    @property
    def visible(self) -> npt.NDArray[np.bool_]:
        """Return which points the target sees."""
        return np.asarray(self.state == State.VISIBLE)


class Transfer:
    """Finds points of the registered colour picture in the other cameras' pictures."""

    def __init__(
        self,
        registration: Registration,
        *,
        thermal: Camera | None = None,
        color_to_thermal: Pose | None = None,
        uncertainty: Uncertainty | None = None,
    ) -> None:
        self.registration = registration
        self._uncertainty = uncertainty
        self._thermal, self._color_to_thermal = thermal, color_to_thermal
        self._tables: dict[Target, doubt.Table] = {}

    @classmethod
    def from_rig(cls, rig: Rig, *, onto: Onto = "original") -> Transfer:
        """Take everything from a calibration; points are in pixels of its crop."""
        return cls(
            Registration.from_rig(rig, onto=onto),
            thermal=rig.thermal,
            color_to_thermal=rig.color_to_thermal,
            uncertainty=rig.uncertainty,
        )

    def points(
        self,
        pixels: npt.ArrayLike,
        depth_mm: npt.NDArray[np.uint16],
        *,
        to: Target,
        mirrored: bool | None = None,
    ) -> Transferred:
        """Return where the pixels (N, 2) of the crop are in the target, given a depth picture.

        `mirrored`, where it is known, is checked against the calibration.
        """
        refuse_mirrored(mirrored, self.registration.mirrored)
        wanted = as_vectors(pixels, 2, "points")
        if wanted.ndim != 2:
            raise InputError(
                f"Points of the shape {wanted.shape}", fix="give the points of one picture: (N, 2)"
            )
        chain = self._chain(to)
        box = self._around(wanted, self.registration)
        if box is None:
            self.registration.check(depth_mm)
            return _nowhere(len(wanted))
        part = self.registration.register(depth_mm, box=box).depth_mm
        sampled = sample(part, wanted - box[:2], _REACH_PX)
        points = chain.points(wanted, sampled.z_mm)
        found = chain.seen(points)
        state = np.full(len(wanted), State.VISIBLE, np.uint8)
        state[~self._confirmed(to, depth_mm, chain.color_to_target.apply(points), found)] = (
            State.OCCLUDED
        )
        state[~chain.target.contains(found)] = State.OUTSIDE
        state[np.isnan(points[:, 0])] = State.NO_DEPTH
        return Transferred(found, state, self._sigma_px(to, wanted, sampled), points)

    def _sigma_px(self, to: Target, pixels: Floats, sampled: Sampled) -> Floats:
        chain, z_mm = self._chain(to), sampled.z_mm
        sigma_mm = doubt.depth_sigma_mm(z_mm)
        sigma_mm = np.hypot(sigma_mm, _ASIDE * sampled.spread_mm)
        sigma_mm = np.hypot(sigma_mm, sampled.doubt_mm / 2.0)
        noise = doubt.by_depth(chain, pixels, z_mm, sigma_mm)
        table = self._table(to)
        if table is None:
            return noise
        recorded = self.registration.recorded.project(self.registration.camera.rays(pixels))
        return np.hypot(noise, table.sigma_px(recorded, z_mm))

    def _confirmed(
        self, to: Target, depth_mm: npt.NDArray[np.uint16], points_mm: Floats, found: Floats
    ) -> npt.NDArray[np.bool_]:
        """Return which points' own surface is what the target sees there."""
        if to == "depth":
            seen: npt.NDArray[np.generic] = self.registration.cleaned(depth_mm)
            start = np.zeros(2)
        else:
            box = self._around(found, self._onto_thermal)
            if box is None:
                return np.zeros(len(found), np.bool_)
            seen = self._onto_thermal.register(depth_mm, box=box).depth_mm
            start = np.array(box[:2], np.float64)
        return _own_surface(seen, found - start, points_mm[:, 2])

    @functools.cached_property
    def _onto_thermal(self) -> Registration:
        """Return the registration of depth onto the whole thermal picture, as it is recorded."""
        thermal, pose = self._thermal, self._color_to_thermal
        if thermal is None or pose is None:
            raise InputError(
                "The rig was calibrated without a thermal camera",
                fix="calibrate with a recording in which the thermal camera sees the board",
            )
        return self.registration.onto_camera(thermal, pose)

    def _chain(self, to: Target) -> Chain:
        mine = self.registration
        if to == "depth":
            return Chain(
                mine.camera, mine.ir, mine.ir_to_color, mine.ir, mine.ir_to_color.inverse(), "ir"
            )
        if to != "thermal":
            raise InputError(f"No target {to!r}", fix="give to='depth' or to='thermal'")
        thermal = self._onto_thermal.camera
        pose = self._color_to_thermal
        assert pose is not None  # _onto_thermal has looked
        return Chain(mine.camera, mine.ir, mine.ir_to_color, thermal, pose, "thermal")

    def _table(self, to: Target) -> doubt.Table | None:
        if self._uncertainty is None:
            return None
        if to not in self._tables:
            chain = dataclasses.replace(self._chain(to), color=self.registration.recorded)
            self._tables[to] = doubt.Table(chain, self._uncertainty)
        return self._tables[to]

    def _around(self, pixels: Floats, registration: Registration) -> Box | None:
        """Return a box about the pixels and what is near them, or None if all are elsewhere."""
        camera = registration.camera
        inside = pixels[camera.contains(pixels)]
        if not len(inside):
            return None
        left, top = (int(v) for v in np.floor(inside.min(axis=0)) - _MARGIN_PX)
        right, bottom = (int(v) for v in np.ceil(inside.max(axis=0)) + _MARGIN_PX + 1)
        box = Box(left, top, right - left, bottom - top)
        return box.clipped(camera.width_px, camera.height_px)


def _own_surface(
    seen_mm: npt.NDArray[np.generic], pixels: Floats, z_mm: Floats
) -> npt.NDArray[np.bool_]:
    """Return where one of the pixels around is as far away as the point."""
    high, wide = seen_mm.shape
    known = np.isfinite(pixels).all(axis=1, keepdims=True)
    middle = np.rint(np.where(known, pixels, -1e6)).astype(np.int64)
    steps = np.arange(-_CONFIRM_PX, _CONFIRM_PX + 1)
    column = middle[:, 0, None, None] + steps[None, None, :]
    row = middle[:, 1, None, None] + steps[None, :, None]
    inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
    near = seen_mm[np.where(inside, row, 0), np.where(inside, column, 0)].astype(np.float64)
    with np.errstate(invalid="ignore"):  # points without depth agree with nothing
        mine = inside & (np.abs(near - z_mm[:, None, None]) <= _ON_SURFACE * z_mm[:, None, None])
    return np.asarray(mine.any(axis=(1, 2)))


def _nowhere(count: int) -> Transferred:
    return Transferred(
        np.full((count, 2), np.nan),
        np.full(count, State.NO_DEPTH, np.uint8),
        np.full(count, np.nan),
        np.full((count, 3), np.nan),
    )
