"""Warns of a camera that gives fewer frames than the grid has slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.status import HappeningKind
from taver.core.clock import NS_PER_S
from taver.core.frames import Modality
from taver.core.session.manifest import Marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.recorder.course import Course
    from capture.recorder.stream import Stream

SLOW: Final = "slower than the grid"
# 9 Hz are slow for a grid of 10 Hz; 9.99 Hz are what a free-running camera calls 10.
_ENOUGH: Final = 0.97
_PATIENCE_NS: Final = 6 * NS_PER_S


class SlowStreams:
    """Compares each stream's rate with the grid's, once it can be known."""

    def __init__(self, streams: Sequence[Stream], grid_hz: int, course: Course) -> None:
        self._course = course
        self._grid_hz = grid_hz
        self._streams = [s for s in streams if grid_hz and s.info.modality is not Modality.SOUND]
        for stream in list(self._streams):
            if stream.info.rate_hz < _ENOUGH * grid_hz:
                self._warn(stream, stream.info.rate_hz, course.start_ns)

    def look(self) -> None:
        """Look at the rates as measured, a few seconds after the start."""
        for stream in list(self._streams):
            status = stream.status()
            last_ns = status.last_host_ns
            if last_ns is None or last_ns - self._course.start_ns < _PATIENCE_NS:
                continue
            if 0 < status.rate_hz < _ENOUGH * self._grid_hz:
                self._warn(stream, status.rate_hz, last_ns)

    def _warn(self, stream: Stream, rate_hz: float, host_ns: int) -> None:
        """Say it once of each stream."""
        self._streams.remove(stream)
        empty = 1 - rate_hz / self._grid_hz
        text = (
            f"{stream.info.modality} comes at {rate_hz:.1f} Hz and the grid has {self._grid_hz} "
            f"slots a second: about {empty:.0%} of them stay empty"
        )
        fix = (
            "use a camera of a higher rate or brighter light, choose a slower grid, "
            "or keep every frame with --keep-all"
        )
        self._course.tell(
            HappeningKind.WARNING, host_ns, text, fix=fix, modality=stream.info.modality
        )
        unix_ns = self._course.unix_ns(host_ns)
        self._course.mark(Marker(name=SLOW, unix_ns=unix_ns, note=text, source="device"))
