"""Without a calibration: a box drawn by hand on one thermal frame, followed from there.

The box tells how colour pixels become thermal ones at that moment: a scale and a shift. Both
cameras stand still, so the shift changes only as the face comes nearer or turns away; by how much
is seen by laying the face of the drawn frame over the later ones, and then over the earlier ones,
from the drawn frame back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.errors import InputError
from taver.core.extras import need
from taver.core.frames import Modality
from taver.faces.carry import Carried
from taver.faces.points import COUNT, box_of, eye_distance

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.faces.carry import Depth
    from taver.faces.options import ThermalBox
    from taver.faces.points import Floats
    from taver.faces.streams import Packed, Streams

_REACH_PX: Final = 12  # between what is expected and what is looked at
_ALIKE: Final = 0.5  # correlation; below it the face is covered or turned, and nothing is learnt
_LEARNT: Final = 0.5  # of what is seen


class ByHand:
    """Brings points to the thermal picture by scale and shift; there is no way to depth."""

    def __init__(self, streams: Streams, points: Floats, box: ThermalBox) -> None:
        self._cv2 = need("cv2", extra="faces", to="follow a face in thermal pictures")
        header, counts = _drawn(streams, box)
        with_color = streams.with_color(streams.thermal)
        rows = np.flatnonzero((with_color == box.frame) & np.isfinite(points[:, 0, 0]))
        if not len(rows):
            raise InputError(
                f"There is no face in colour at thermal frame {box.frame}",
                fix="draw the box on a frame in which the face is seen by both cameras",
            )
        self._row, self._frame = int(rows[0]), box.frame
        face = points[self._row]
        if box.left_px + box.width_px > header[0] or box.top_px + box.height_px > header[1]:
            raise InputError(
                f"The thermal box reaches out of the picture of {header[0]} x {header[1]} px",
                fix="give LEFT,TOP,WIDTH,HEIGHT inside it",
            )
        left, top, right, bottom = box_of(face).tolist()
        self._scale = (box.width_px / (right - left) + box.height_px / (bottom - top)) / 2
        self._drawn = np.array([box.left_px + box.width_px / 2, box.top_px + box.height_px / 2])
        self._shift = self._first = self._shift_drawn(face)
        self._eyes = float(eye_distance(face))
        self._template = _part(counts, box)

    def order(self, frames: int) -> Iterator[int]:
        """Yield the rows from the drawn one on, and then from it back to the first."""
        yield from range(self._row, frames)
        self._shift = self._first
        yield from range(self._row - 1, -1, -1)

    def depth(self, points: Floats, depth_mm: Depth) -> Carried | None:  # noqa: ARG002
        """Return nothing: a thermal box tells nothing of depth."""
        return None

    def thermal(
        self,
        points: Floats,
        depth_mm: Depth | None,  # noqa: ARG002  it needs none
        heat: Packed,
    ) -> Carried | None:
        """Return the points in the thermal picture; how far off they may be is not known."""
        counts = heat.pixels()
        if counts is None:
            return None
        if heat.frame == self._frame:
            self._shift = self._first = self._shift_drawn(points)
        elif not heat.frozen:  # what it shows then is of an earlier moment
            self._learn(counts, points)
        placed = self._scale * points + self._shift
        high, wide = counts.shape
        inside = (placed >= 0).all(axis=1) & (placed <= (wide - 1, high - 1)).all(axis=1)
        nothing = np.full(COUNT, np.nan)
        return Carried(placed, nothing, inside, nothing)

    def _shift_drawn(self, points: Floats) -> Floats:
        """Return the shift that brings the face of the drawn frame into the drawn box."""
        left, top, right, bottom = box_of(points).tolist()
        return np.asarray(self._drawn - self._scale * np.array([left + right, top + bottom]) / 2)

    def _learn(self, counts: npt.NDArray[np.uint16], points: Floats) -> None:
        """Move on as the face did."""
        placed = self._scale * points + self._shift
        off = self._off(counts, placed, float(eye_distance(points)) / self._eyes)
        if off is not None:
            self._shift = self._shift + _LEARNT * off

    def _off(self, counts: npt.NDArray[np.uint16], placed: Floats, larger: float) -> Floats | None:
        """Return how far the face lies from where it was expected, or None if it is not seen."""
        high, wide = (max(round(side * larger), 8) for side in self._template.shape)
        template = self._cv2.resize(self._template, (wide, high))
        left, top, right, bottom = box_of(placed).tolist()
        x = round((left + right - wide) / 2) - _REACH_PX
        y = round((top + bottom - high) / 2) - _REACH_PX
        part = counts[max(y, 0) : y + high + 2 * _REACH_PX, max(x, 0) : x + wide + 2 * _REACH_PX]
        if x < 0 or y < 0 or part.shape != (high + 2 * _REACH_PX, wide + 2 * _REACH_PX):
            return None
        alike = self._cv2.matchTemplate(
            part.astype(np.float32), template, self._cv2.TM_CCOEFF_NORMED
        )
        _, best, _, (column, row) = self._cv2.minMaxLoc(alike)
        if best < _ALIKE:
            return None
        seen = np.array([x + column + wide / 2, y + row + high / 2])
        return np.asarray(seen - np.array([left + right, top + bottom]) / 2)


def _drawn(streams: Streams, box: ThermalBox) -> tuple[tuple[int, int], npt.NDArray[np.uint16]]:
    thermal = streams.thermal
    if thermal is None:
        raise InputError(
            f"A thermal box was given, but session {streams.session.name} has no thermal stream",
            fix="leave --thermal-box out",
        )
    if box.frame >= len(thermal):
        raise InputError(
            f"There is no thermal frame {box.frame}; the stream has {len(thermal)}",
            fix="draw the box on one of them",
        )
    taken = streams.take(Modality.THERMAL, box.frame)
    if taken.pixels is None:
        raise InputError(
            f"Thermal frame {box.frame} is damaged", fix="draw the box on another frame"
        )
    return (thermal.header.width_px, thermal.header.height_px), taken.pixels


def _part(counts: npt.NDArray[np.uint16], box: ThermalBox) -> npt.NDArray[np.float32]:
    rows = slice(box.top_px, box.top_px + box.height_px)
    return counts[rows, box.left_px : box.left_px + box.width_px].astype(np.float32)
