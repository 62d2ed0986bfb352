"""Registration: a depth picture in, the same depth on the colour picture out."""

from __future__ import annotations

import dataclasses
import math
import threading
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
import numpy as np

from calibration.registration import dense, fast, refuse
from calibration.registration.box import Box, checked
from calibration.registration.clean import REACH_PX, clean, extent
from calibration.registration.project import numbers_of
from calibration.registration.window import Window
from calibration.rig import Crop
from taver.core.distortion import Distortion
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Rig
    from taver.core.camera import Camera
    from taver.core.pose import Pose

Onto = Literal["undistorted", "original"]
Mode = Literal["dense", "fast"]
_Kind = TypeVar("_Kind", bound=np.generic)

# Neighbours on one surface differ by no more than this share of their distance: at a metre 20 mm
# over the 2.7 mm between pixels, a slope of 82 degrees.
_SAME = 0.02
_SCRATCH = threading.local()  # for what lasts as long as one call
_FARTHEST_MM = 30_000.0  # twice a depth is kept in 16 bits


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """Depth as the colour camera sees it."""

    depth_mm: npt.NDArray[np.uint16]  # z in the colour camera's frame; 0 is missing
    camera: Camera  # of this picture: project and unproject its pixels with it

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Return where there is a depth."""
        return self.depth_mm > 0


class Registration:
    """Brings depth onto the crop of the colour picture; any number of threads may use one.

    `depth_shift_mm` is true z less the sensor's. Onto the undistorted picture everything is seen
    by a pinhole with the colour camera's focal lengths; onto the original, as recorded.
    """

    def __init__(
        self,
        *,
        ir: Camera,
        color: Camera,
        ir_to_color: Pose,
        depth_shift_mm: float = 0.0,
        crop: Crop = Crop(),  # noqa: B008 - frozen, so sharing it is safe
        onto: Onto = "undistorted",
        nearest_mm: float = 500.0,
        farthest_mm: float = 7000.0,
        mirrored: bool = False,
    ) -> None:
        _check(color, crop, onto, nearest_mm, farthest_mm, depth_shift_mm)
        self.ir = ir
        self.ir_to_color = ir_to_color
        self.onto = onto
        self.mirrored = mirrored
        self.depth_shift_mm = depth_shift_mm
        self.nearest_mm, self.farthest_mm = nearest_mm, farthest_mm
        cut = color.cropped(crop.left_px, crop.top_px, crop.width_px, crop.height_px)
        plain = msgspec.structs.replace(cut, distortion=Distortion())
        self.recorded = cut  # the crop's camera with its lens, whichever picture depth is put onto
        self.camera: Camera = cut if onto == "original" else plain
        self._numbers = numbers_of(self.camera, ir_to_color)
        self._window = Window(self.camera, ir, ir_to_color.inverse(), nearest_mm, farthest_mm)
        v, u = np.mgrid[: ir.height_px, : ir.width_px]
        rays = ir.rays(np.stack([u, v], axis=-1)) @ ir_to_color.rotation_matrix.T
        self._rays = np.ascontiguousarray(np.moveaxis(rays, -1, 0), np.float32)
        pitch = max(color.fx_px / ir.fx_px, color.fy_px / ir.fy_px)
        self._reach = np.float32(pitch / 2)  # a depth pixel's own half width, in colour pixels
        self._square = max(math.ceil(pitch), 1)

    @classmethod
    def from_rig(cls, rig: Rig, *, onto: Onto = "undistorted") -> Registration:
        """Take everything from a calibration."""
        return cls(
            ir=rig.ir,
            color=rig.color,
            ir_to_color=rig.ir_to_color,
            depth_shift_mm=rig.depth_shift_mm,
            crop=rig.crop,
            onto=onto,
            mirrored=rig.mirrored,
        )

    def onto_camera(self, camera: Camera, color_to_camera: Pose) -> Registration:
        """Return the registration of the same depth onto another camera's whole picture."""
        return Registration(
            ir=self.ir,
            color=camera,
            ir_to_color=self.ir_to_color.then(color_to_camera),
            depth_shift_mm=self.depth_shift_mm,
            crop=Crop(left_px=0, top_px=0, width_px=camera.width_px, height_px=camera.height_px),
            onto="original",
            nearest_mm=self.nearest_mm,
            farthest_mm=self.farthest_mm,
            mirrored=self.mirrored,
        )

    def get_ready(self) -> None:
        """Compile, or load from disk, what registering needs, so that the first frame is quick."""
        nothing = np.zeros((self.ir.height_px, self.ir.width_px), np.uint16)
        self.register(nothing, mode="dense")
        self.register(nothing, mode="fast")

    @property
    def whole(self) -> Box:
        """Return the box that is the whole crop."""
        return Box(0, 0, self.camera.width_px, self.camera.height_px)

    def rows_of(self, box: Box) -> slice:
        """Return which rows of a depth picture count for a box; others may hold anything."""
        part = checked(box, self.camera.width_px, self.camera.height_px)
        rows, _ = self._window.of(part)
        return slice(max(rows.start - REACH_PX, 0), min(rows.stop + REACH_PX, self.ir.height_px))

    def register(
        self,
        depth_mm: npt.NDArray[np.uint16],
        *,
        mode: Mode = "dense",
        box: Box | None = None,
        mirrored: bool | None = None,
    ) -> Registered:
        """Return a recorded depth picture as the colour camera sees it, whole or in a box.

        `mirrored`, where it is known, is checked against the calibration.
        """
        depth = refuse.as_depth(depth_mm, self.ir)
        refuse.refuse_mirrored(mirrored, self.mirrored)
        if mode not in {"dense", "fast"}:
            raise InputError(f"No mode of registration: {mode!r}", fix="give 'dense' or 'fast'")
        part = self.whole
        camera = self.camera
        if box is not None:
            part = checked(box, camera.width_px, camera.height_px)
            camera = camera.cropped(*part)
        rows, columns = self._window.of(part)
        ends = extent(depth, rows.start, rows.stop, columns.start, columns.stop)
        nearest, farthest = (min(max(told + self.depth_shift_mm, self.nearest_mm),
                                 self.farthest_mm) for told in ends)  # fmt: skip
        rows, columns = self._window.within(part, nearest, farthest)
        z_mm = _room("z", (rows.stop - rows.start, columns.stop - columns.start), np.float32)
        self._clean(depth, rows.start, columns.start, z_mm)
        corner = (rows.start, columns.start)
        size, start = (part.height_px, part.width_px), (part.top_px, part.left_px)
        same = np.float32(_SAME)
        if mode == "dense":
            out = np.zeros(size, np.uint16)
            dense.warp(z_mm, self._rays, corner, self._numbers, same, self._reach, *start, out)
            dense.decode(out)
        else:
            out = np.empty(size, np.uint16)
            more = 2 * self._square
            drawn = _room("drawn", (size[0] + more, size[1] + more), np.uint16)
            fast.splat(
                z_mm, self._rays, corner, self._numbers, same, self._square, *start, drawn, out
            )
        return Registered(out, camera)

    def cleaned(
        self, depth_mm: npt.NDArray[np.uint16], *, box: Box | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the true z in the depth camera itself: shifted, despeckled; 0 is missing.

        Whole, or of a box of the depth picture.
        """
        depth = refuse.as_depth(depth_mm, self.ir)
        part = Box(0, 0, self.ir.width_px, self.ir.height_px)
        if box is not None:
            part = checked(box, self.ir.width_px, self.ir.height_px)
        z_mm = np.empty((part.height_px, part.width_px), np.float32)
        self._clean(depth, part.top_px, part.left_px, z_mm)
        return z_mm

    def checked(self, depth_mm: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """Return it as it is worked on; raise InputError if it is none of this camera's."""
        return refuse.as_depth(depth_mm, self.ir)

    def _clean(
        self, depth: npt.NDArray[np.uint16], top: int, left: int, z_mm: npt.NDArray[np.float32]
    ) -> None:
        clean(
            depth,
            np.float32(self.depth_shift_mm),
            np.float32(self.nearest_mm),
            np.float32(self.farthest_mm),
            np.float32(_SAME),
            top,
            left,
            z_mm,
        )


def _room(name: str, shape: tuple[int, int], kind: type[_Kind]) -> npt.NDArray[_Kind]:
    """Return this thread's room of that name, as it was left."""
    size = shape[0] * shape[1]
    kept: npt.NDArray[_Kind] | None = getattr(_SCRATCH, name, None)
    if kept is None or kept.size < size:
        kept = np.empty(size, kind)
        setattr(_SCRATCH, name, kept)
    return kept[:size].reshape(shape)


def _check(
    color: Camera,
    crop: Crop,
    onto: str,
    nearest_mm: float,
    farthest_mm: float,
    depth_shift_mm: float,
) -> None:
    problems = []
    right, below = crop.left_px + crop.width_px, crop.top_px + crop.height_px
    if right > color.width_px or below > color.height_px:
        problems.append(
            f"the crop of {crop.width_px} x {crop.height_px} px at ({crop.left_px}, {crop.top_px}) "
            f"reaches out of the colour picture of {color.width_px} x {color.height_px} px"
        )
    if not 0.0 < nearest_mm < farthest_mm <= _FARTHEST_MM:
        problems.append(
            f"the range from {nearest_mm:g} to {farthest_mm:g} mm is none above 0 and up to "
            f"{_FARTHEST_MM:g} mm"
        )
    if not math.isfinite(depth_shift_mm):
        problems.append(f"depth_shift_mm is {depth_shift_mm}")
    if onto not in {"undistorted", "original"}:
        problems.append(f"onto is {onto!r}, neither 'undistorted' nor 'original'")
    if problems:
        raise InputError(
            f"Depth cannot be registered like this: {'; '.join(problems)}",
            fix="correct what is listed; a colour camera of another picture size needs a crop of "
            "its own in rig.json, or another calibration",
            problems=problems,
        )
