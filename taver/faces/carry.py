"""The second pass: the points carried to depth and heat, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from calibration.thermal.scale import Scale
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.faces.gaps import unbroken
from taver.faces.points import COUNT, INNER
from taver.faces.regions import REGIONS, Laid
from taver.faces.schema import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from calibration.rig import Rig
    from calibration.transfer.engine import Pictured
    from taver.core.progress import Progress
    from taver.faces.points import Floats
    from taver.faces.streams import Packed, Streams

    Columns = dict[str, npt.NDArray[Any]]
    Depth = npt.NDArray[np.uint16] | Packed  # of the latter no more is unpacked than is looked at


class Carried(NamedTuple):
    """Where the points of one frame are in another picture; NaN where they are not known."""

    pixels: Floats  # (68, 2)
    sigma_px: Floats  # (68,)
    visible: npt.NDArray[np.bool_]  # (68,)
    z_mm: Floats  # (68,) in the colour camera's frame


class Way(Protocol):
    """Brings points of a colour frame to other pictures."""

    def order(self, frames: int) -> Iterable[int]:
        """Yield the rows in the order in which they have to be asked for."""
        ...

    def depth(self, points: Floats, depth_mm: Depth) -> Carried | None:
        """Return the points in the depth picture, or None if there is no way there."""
        ...

    def thermal(
        self,
        points: Floats,
        depth_mm: Depth | None,
        heat: Packed,
    ) -> Carried | None:
        """Return the points in the thermal picture, or None if there is no way there."""
        ...


class ByRig:
    """By calibration, through the depth at each point."""

    def __init__(self, rig: Rig) -> None:
        from calibration.transfer.engine import Transfer  # compiles: only where there is a rig

        self._transfer = Transfer.from_rig(rig)
        self._corner = np.array([rig.crop.left_px, rig.crop.top_px], np.float64)
        self._sees_heat = rig.thermal is not None
        self._given: Depth | None = None
        self._pictured: Pictured | None = None

    def order(self, frames: int) -> Iterable[int]:
        """Return them as they are: each frame stands for itself."""
        return range(frames)

    def depth(self, points: Floats, depth_mm: Depth) -> Carried | None:
        """Return the points in the depth picture."""
        return self._carried(points, depth_mm, "depth")

    def thermal(
        self,
        points: Floats,
        depth_mm: Depth | None,
        heat: Packed,  # noqa: ARG002  the way by hand looks at it
    ) -> Carried | None:
        """Return the points in the thermal picture; without depth there is no way there."""
        if depth_mm is None or not self._sees_heat:
            return None
        return self._carried(points, depth_mm, "thermal")

    def distance_mm(self, points: Floats, depth_mm: npt.NDArray[np.uint16]) -> float:
        """Return how far a face is from the colour camera; NaN where the depth has a hole."""
        z_mm = self._carried(points, depth_mm, "depth").z_mm[list(INNER)]
        return float(np.nanmedian(z_mm)) if np.isfinite(z_mm).any() else float("nan")

    def _carried(self, points: Floats, depth_mm: Depth, to: Any) -> Carried:
        if self._pictured is None or depth_mm is not self._given:
            # The points' way to heat is asked for next, through the same depth.
            read = depth_mm if isinstance(depth_mm, np.ndarray) else depth_mm.rows
            self._given, self._pictured = depth_mm, self._transfer.pictured(read)
        found = self._transfer.points(points - self._corner, self._pictured, to=to)
        return Carried(found.pixels, found.sigma_px, found.visible, found.points_mm[:, 2])


def carry(
    streams: Streams, points: Floats, way: Way | None, flaws: npt.NDArray[Any], progress: Progress
) -> tuple[Columns, Columns]:
    """Return the columns of depth and heat, and the table of temperatures.

    A thermal frame is taken a little earlier or later than the colour frame it belongs to; the
    points are those of its own time.
    """
    frames = len(points)
    with_depth = streams.with_color(streams.depth)
    with_thermal = streams.with_color(streams.thermal)
    columns, warm = _empty(frames), _no_warmth(frames)
    columns["depth_frame"][:], columns["thermal_frame"][:] = with_depth, with_thermal
    scale, size_px = None, (0, 0)
    if streams.thermal is not None:
        header = streams.thermal.header
        scale, size_px = Scale.from_unit(header.unit), (header.height_px, header.width_px)
    moved = _at_thermal_time(streams, points, with_thermal)
    for row in range(frames) if way is None else way.order(frames):
        depth = streams.packed(Modality.DEPTH, int(with_depth[row]))
        heat = streams.packed(Modality.THERMAL, int(with_thermal[row]))
        progress.advance()
        in_depth = carried = laid = None
        if way is not None and np.isfinite(points[row, 0, 0]):
            in_depth, carried = _both(way, points[row], moved[row], depth, heat)
            _put(columns, "depth", row, in_depth)
        if in_depth is None:
            depth.pixels(_NO_ROWS)  # which finds out whether it can be unpacked
        if streams.depth is not None and not depth.there:
            flaws[row] |= Flaw.DEPTH_MISSING if depth.frame < 0 else Flaw.DEPTH_DAMAGED
        if carried is not None:
            seen = np.where(carried.visible[:, None], carried.pixels, np.nan)
            laid = Laid(seen, *size_px)
        # No more is unpacked than the regions show: they are a fifth of the picture.
        rows = _NO_ROWS if laid is None else laid.rows
        counts = heat.pixels(rows)
        if counts is None or (scale is not None and not scale.holds(counts[rows])):
            if streams.thermal is not None:
                flaws[row] |= Flaw.THERMAL_MISSING if heat.frame < 0 else Flaw.THERMAL_DAMAGED
            continue
        if heat.frozen:
            flaws[row] |= Flaw.THERMAL_FROZEN
        _put(columns, "thermal", row, carried)
        if laid is not None and scale is not None and not heat.frozen:
            for name, value in laid.warmth(counts, scale.kelvin).items():
                warm[f"{name}_k"][row], warm[f"{name}_px"][row] = value
    return columns, warm


def fits(columns: Columns, expected_mm: Floats) -> float:
    """Return in what share of the frames depth lies where a face of usual size would be.

    Another rig's calibration, or a mirrored picture, looks for the depth beside the face.
    """
    inner = list(INNER)
    z = columns["depth_mm"][:, inner]
    there = np.isfinite(expected_mm[:, inner]).all(axis=1) & (columns["depth_frame"] >= 0)
    if not there.any():
        return 1.0
    with np.errstate(invalid="ignore"):
        ratio = z[there] / expected_mm[there][:, inner]
        near = (ratio > _LEAST_RATIO) & (ratio < 1 / _LEAST_RATIO)
    return float((near.mean(axis=1) > 0.5).mean())


def unevenness_mm(columns: Columns, expected_mm: Floats) -> float:
    """Return how far the depth at the points is from a face's shape; about 3 mm where all is right.

    It is the median over the frames of each frame's median deviation, scaled to a sigma. A picture
    that is mirrored, or a camera that was moved by two centimetres, makes it 12 mm and more.
    """
    inner = list(INNER)
    off = columns["depth_mm"][:, inner] - expected_mm[:, inner]
    off = off[np.isfinite(off).sum(axis=1) > len(inner) // 2]
    if not len(off):
        return 0.0
    off = np.abs(off - np.nanmedian(off, axis=1, keepdims=True))
    return float(1.4826 * np.median(np.nanmedian(off, axis=1)))


_NO_ROWS: Final = slice(0, 0)
_LEAST_RATIO: Final = 0.75  # heads differ in size by less


def _at_thermal_time(streams: Streams, points: Floats, frames: npt.NDArray[np.int64]) -> Floats:
    """Return the points when the thermal frames were taken, where they are followed unbroken."""
    if streams.thermal is None or not len(streams.thermal):
        return points
    times = streams.color.unix_ns
    moved = points.copy()
    wanted = np.where(frames >= 0, streams.thermal.unix_ns[np.maximum(frames, 0)], times)
    for first, end in unbroken(points, times):
        inside = np.clip(wanted[first:end], times[first], times[end - 1])
        after = np.clip(np.searchsorted(times[first:end], inside), 1, max(end - first - 1, 1))
        if end - first < 2:
            continue
        low, high = first + after - 1, first + after
        share = (inside - times[low]) / (times[high] - times[low])
        mixed = (1 - share)[:, None, None] * points[low] + share[:, None, None] * points[high]
        moved[first:end] = mixed
    return moved


def _both(
    way: Way, points: Floats, moved: Floats, depth: Packed, heat: Packed
) -> tuple[Carried | None, Carried | None]:
    """Return the points in the depth and in the thermal picture."""
    try:
        through = depth if depth.there else None
        in_depth = None if through is None else way.depth(points, through)
        return in_depth, way.thermal(moved, through, heat) if heat.frame >= 0 else None
    except DataError:  # the depth is damaged where it is looked at
        return None, way.thermal(moved, None, heat) if heat.frame >= 0 else None


def _put(columns: Columns, name: str, row: int, carried: Carried | None) -> None:
    if carried is None:
        return
    columns[f"{name}_landmarks"][row] = carried.pixels
    columns[f"{name}_sigma_px"][row] = carried.sigma_px
    columns[f"{name}_visible"][row] = carried.visible
    if name == "depth":
        columns["depth_mm"][row] = carried.z_mm


def _empty(frames: int) -> Columns:
    columns: Columns = {"depth_mm": np.full((frames, COUNT), np.nan)}
    for name in ("depth", "thermal"):
        columns[f"{name}_frame"] = np.full(frames, -1, np.int64)
        columns[f"{name}_landmarks"] = np.full((frames, COUNT, 2), np.nan)
        columns[f"{name}_sigma_px"] = np.full((frames, COUNT), np.nan)
        columns[f"{name}_visible"] = np.zeros((frames, COUNT), np.bool_)
    return columns


def _no_warmth(frames: int) -> Columns:
    table: Columns = {}
    for name in REGIONS:
        table[f"{name}_k"] = np.full(frames, np.nan)
        table[f"{name}_px"] = np.zeros(frames, np.int64)
    return table
