"""Transfer: points of the colour picture in, the same points in depth or heat out."""

from __future__ import annotations

import dataclasses
import enum
import functools
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from calibration.compiled import compiled
from calibration.registration.box import Box
from calibration.registration.clean import REACH_PX
from calibration.registration.engine import Onto, Registration
from calibration.registration.refuse import refuse_mirrored
from calibration.transfer import doubt
from calibration.transfer.chain import Chain
from calibration.transfer.lens import Lens, Way
from calibration.transfer.passage import brought, doubted, more_doubted
from calibration.transfer.sample import nearest_first
from taver.core.errors import InputError
from taver.core.vectors import as_vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from calibration.rig import Rig, Uncertainty
    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]
    Rows = Callable[[slice], npt.NDArray[np.uint16]]

Target = Literal["depth", "thermal"]
_REACH_PX: Final = 3  # a depth pixel, in colour pixels
_CONFIRM_PX: Final = 2  # within which the target has to see the point's own surface
_ON_SURFACE: Final = 0.012  # of the distance: as near to it as noise and slope allow
_SPARE_ROWS: Final = 24  # unpacked as well: what the thermal camera sees lies a little elsewhere
_SPARE_PX: Final = 8  # more is registered where other points are likely to be asked for next


class State(enum.IntEnum):
    """What became of a point."""

    VISIBLE = 0
    OCCLUDED = 1  # in the target something nearer is in front of it, or its surface is not seen
    OUTSIDE = 2  # of the target's picture
    NO_DEPTH = 3  # there is none at the point, or the point is outside the crop


# What is compiled takes plain numbers.
_VISIBLE, _OCCLUDED, _OUTSIDE, _NO_DEPTH = (int(state) for state in State)


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


class Pictured:
    """A depth picture, and what was registered of it: points asked for next are often near by.

    Of one that is still packed no more has to be unpacked than is looked at.
    """

    def __init__(self, depth_mm: npt.NDArray[np.uint16] | Rows, registration: Registration) -> None:
        self._registration = registration
        self._read = depth_mm if callable(depth_mm) else None
        self._there = slice(0, 0 if callable(depth_mm) else registration.ir.height_px)
        self._depth_mm = np.empty((0, 0), np.uint16)
        if not callable(depth_mm):
            self._depth_mm = registration.checked(depth_mm)
        self._box: Box | None = None
        self._part = np.empty((0, 0), np.uint16)

    def rows(self, first: int, end: int) -> npt.NDArray[np.uint16]:
        """Return the picture, of which no more than these rows may count."""
        there = self._there
        first, end = max(first, 0), min(end, self._registration.ir.height_px)
        if self._read is not None and not (there.start <= first and end <= there.stop):
            if there.stop:
                first, end = min(first, there.start), max(end, there.stop)
            self._there = slice(max(first - _SPARE_ROWS, 0), end + _SPARE_ROWS)
            self._depth_mm = self._registration.checked(self._read(self._there))
        return self._depth_mm

    def registered(self, box: Box) -> npt.NDArray[np.uint16]:
        """Return depth as the colour camera sees it in the box."""
        if self._box is None or not box.lies_in(self._box):
            mine = self._registration
            self._box = box.grown(_SPARE_PX).clipped(mine.camera.width_px, mine.camera.height_px)
            rows = mine.rows_of(self._box)
            depth_mm = self.rows(rows.start, rows.stop)
            self._part = mine.register(depth_mm, box=self._box).depth_mm
        left, top = box.left_px - self._box.left_px, box.top_px - self._box.top_px
        return self._part[top : top + box.height_px, left : left + box.width_px]


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
        self._ways: dict[Target, Way] = {}
        self._color, self._recorded = Lens(registration.camera), Lens(registration.recorded)

    @classmethod
    def from_rig(cls, rig: Rig, *, onto: Onto = "original") -> Transfer:
        """Take everything from a calibration; points are in pixels of its crop."""
        return cls(
            Registration.from_rig(rig, onto=onto),
            thermal=rig.thermal,
            color_to_thermal=rig.color_to_thermal,
            uncertainty=rig.uncertainty,
        )

    def pictured(self, depth_mm: npt.NDArray[np.uint16] | Rows) -> Pictured:
        """Return a depth picture of which the points of more than one call are asked for.

        In place of a picture, what gives one of which some rows count: those that are asked for.
        """
        return Pictured(depth_mm, self.registration)

    def points(
        self,
        pixels: npt.ArrayLike,
        depth_mm: npt.NDArray[np.uint16] | Pictured,
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
        way = self._way(to)
        picture = depth_mm if isinstance(depth_mm, Pictured) else self.pictured(depth_mm)
        wanted = np.require(wanted, requirements=["C", "W"])  # or it would be compiled for anew
        box = _around(wanted, self.registration.camera, _REACH_PX + 1)
        if box is None:
            return _nowhere(len(wanted))
        count = len(wanted)
        told, rays = np.empty((3, count)), np.empty((count, 3))
        points, there, found = np.empty((count, 3)), np.empty((count, 3)), np.empty((count, 2))
        brought(
            picture.registered(box), box[:2], wanted, nearest_first(_REACH_PX),
            *self._color.optics, way.turn, way.move, *way.lens.optics,
            told, rays, points, there, found,
        )  # fmt: skip
        sigma_px = np.empty(count)
        doubted(told, rays, way.turn, way.move, *way.lens.optics, sigma_px)
        table = self._table(to)
        if table is not None:
            optics = self._recorded.optics
            more_doubted(table.variance, table.scale, told, rays, *optics, sigma_px)
        state = np.empty(count, np.uint8)
        confirmed = self._confirmed(to, picture, there, found)
        size = (way.camera.width_px, way.camera.height_px)
        _judge(confirmed, found, size, points, state)
        return Transferred(found, state, sigma_px, points)

    def _confirmed(
        self, to: Target, picture: Pictured, points_mm: Floats, found: Floats
    ) -> npt.NDArray[np.bool_]:
        """Return which points' own surface is what the target sees there."""
        box = _around(found, self._way(to).camera, _CONFIRM_PX + 1)
        if box is None:
            return np.zeros(len(found), np.bool_)
        seen: npt.NDArray[np.generic]
        if to == "depth":
            bottom = box.top_px + box.height_px + REACH_PX
            seen = self.registration.cleaned(picture.rows(box.top_px - REACH_PX, bottom), box=box)
        else:
            rows = self._onto_thermal.rows_of(box)
            depth_mm = picture.rows(rows.start, rows.stop)
            seen = self._onto_thermal.register(depth_mm, box=box).depth_mm
        mine = np.zeros(len(found), np.bool_)
        _own_surface(seen, found - box[:2], points_mm[:, 2], mine)
        return mine

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

    def _way(self, to: Target) -> Way:
        if to not in self._ways:
            chain = self._chain(to)
            self._ways[to] = Way(chain.color_to_target, chain.target)
        return self._ways[to]

    def _table(self, to: Target) -> doubt.Table | None:
        if self._uncertainty is None:
            return None
        if to not in self._tables:
            chain = dataclasses.replace(self._chain(to), color=self.registration.recorded)
            self._tables[to] = doubt.Table(chain, self._uncertainty)
        return self._tables[to]


def _around(pixels: Floats, camera: Camera, more_px: int) -> Box | None:
    """Return a box about the pixels and what is near them, or None if all are elsewhere."""
    left, top, right, bottom = _ends(pixels, (camera.width_px, camera.height_px))
    if right < left:
        return None
    box = Box(left, top, right + 1 - left, bottom + 1 - top).grown(more_px)
    return box.clipped(camera.width_px, camera.height_px)


@compiled
def _ends(pixels: Floats, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the whole pixels between which those in the picture lie; a turned box for none."""
    left, top, right, bottom = size[0], size[1], -1, -1
    for i in range(pixels.shape[0]):
        x, y = pixels[i, 0], pixels[i, 1]
        if _inside(x, y, size):
            left, right = min(left, int(np.floor(x))), max(right, int(np.ceil(x)))
            top, bottom = min(top, int(np.floor(y))), max(bottom, int(np.ceil(y)))
    return left, top, right, bottom


@compiled
def _inside(x: float, y: float, size: tuple[int, int]) -> bool:
    """Tell whether a pixel is in a picture so wide and high, as `Camera.contains` does."""
    return x >= -0.5 and x < size[0] - 0.5 and y >= -0.5 and y < size[1] - 0.5


@compiled
def _judge(
    confirmed: npt.NDArray[np.bool_],
    pixels: Floats,
    size: tuple[int, int],
    points_mm: Floats,
    state: npt.NDArray[np.uint8],
) -> None:
    """Write what became of each point, by its pixel in the target."""
    for i in range(state.shape[0]):
        told = _VISIBLE if confirmed[i] else _OCCLUDED
        if not _inside(pixels[i, 0], pixels[i, 1], size):
            told = _OUTSIDE
        state[i] = _NO_DEPTH if np.isnan(points_mm[i, 0]) else told


@compiled
def _own_surface(
    seen_mm: npt.NDArray[np.generic],
    pixels: Floats,
    z_mm: Floats,
    mine: npt.NDArray[np.bool_],
) -> None:
    """Write where one of the pixels around is as far away as the point."""
    high, wide = seen_mm.shape
    for i in range(pixels.shape[0]):
        x, y = np.rint(pixels[i, 0]), np.rint(pixels[i, 1])
        if not (abs(x) < 1e6 and abs(y) < 1e6):
            continue
        reach = _ON_SURFACE * z_mm[i]
        for row in range(max(int(y) - _CONFIRM_PX, 0), min(int(y) + _CONFIRM_PX + 1, high)):
            for column in range(max(int(x) - _CONFIRM_PX, 0), min(int(x) + _CONFIRM_PX + 1, wide)):
                if abs(float(seen_mm[row, column]) - z_mm[i]) <= reach:
                    mine[i] = True


def _nowhere(count: int) -> Transferred:
    return Transferred(
        np.full((count, 2), np.nan),
        np.full(count, State.NO_DEPTH, np.uint8),
        np.full(count, np.nan),
        np.full((count, 3), np.nan),
    )
