"""Takes one stream's frames as they come, and decides which of them are to be stored."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from capture import glimpse
from capture.recorder.moments import Moments
from capture.recorder.numbers import Numbers
from capture.recorder.outcome import NOT_ON_GRID, WRONG_SIZE
from capture.recorder.shape import fits
from capture.recorder.slots import Chosen, Slots
from capture.recorder.store import Held, Store
from taver.core.frames import Frame, Modality
from taver.core.session.streams import LOST_BY_DEVICE

if TYPE_CHECKING:
    from capture.glimpse import Glimpse
    from capture.recorder.course import Course
    from capture.recorder.workers import Workers
    from capture.status import StreamStatus
    from taver.core.clock import Clock
    from taver.core.frames import StreamInfo


class Stream:
    """One stream of a device, and the store of its frames."""

    def __init__(
        self, info: StreamInfo, clock: Clock, course: Course, workers: Workers, *, paced: bool
    ) -> None:
        self.info = info
        self.store = Store(info, clock, course, workers, paced=paced)
        self.last: Held | None = None  # the newest frame that came
        self._clock = clock
        self._course = course
        self._gate = threading.Lock()  # one frame comes in at a time
        self._numbers = Numbers()
        self._moments = Moments()
        self._slots: Slots[Held] | None = None

    def start(self, grid_start_unix_ns: int, grid_hz: int) -> None:
        """Let frames be stored; a grid of 0 Hz keeps all of them."""
        if grid_hz and self.info.modality is not Modality.SOUND:
            self._slots = Slots(grid_start_unix_ns, grid_hz)

    def offer(self, frame: Frame) -> None:
        """Take a frame from the device: it is stored, or counted as dropped."""
        with self._gate:
            if self.store.closed:
                return
            stamp, lost = self._numbers.risen(frame.stamp)
            held = Held(self._course.unix_ns(stamp.host_ns), stamp, frame.pixels)
            self.store.take(stamp, lost)
            self.last = held
            if lost:
                self._complain(
                    LOST_BY_DEVICE,
                    f"{self.info.modality}: {lost} frame{'s'[: lost > 1]} did not reach this "
                    "machine, as the device counts",
                    fix="check its cable and port, and a network camera's packet size",
                )
            if not fits(self.info, frame.pixels):
                self.store.drop(WRONG_SIZE)
                self._complain(
                    WRONG_SIZE,
                    f"A {self.info.modality} frame is {frame.pixels.shape} of "
                    f"{frame.pixels.dtype}, and not as announced",
                    fix="set the camera's picture size and format, and record again",
                )
            elif self._slots is None:
                self.store.put(held)
            else:
                taken_ns = self._course.unix_ns(self._moments.host_ns(stamp))
                self._settle(self._slots.offer(taken_ns, held))

    def passed(self, frame: Frame, end_ns: int) -> None:
        """See the first frame that comes too late: frames lost before it may have been in time.

        They are taken to have been as far apart as their numbers say.
        """
        with self._gate:
            before = self.last
            stamp, lost = self._numbers.risen(frame.stamp)
            if before is None or not lost or self.store.closed:
                return
            since_ns = stamp.host_ns - before.stamp.host_ns
            in_time = -(-(end_ns - before.stamp.host_ns) * (lost + 1) // since_ns) - 1
            self.store.lose(min(lost, in_time))

    def restarted(self) -> None:
        """Hear that the device was opened again: its counter and its clock begin anew."""
        with self._gate:
            self._moments = Moments()
            self._numbers.restarted()

    def end(self) -> None:
        """Take no more; what is queued is still stored."""
        with self._gate:
            if self._slots is not None:
                end_ns = self._course.end_ns
                if end_ns is None:
                    self._settle(Chosen(kept=self._slots.flush()))
                else:
                    self._settle(self._slots.flush_before(self._course.unix_ns(end_ns)))
            self.store.end()

    def status(self) -> StreamStatus:
        """Return how it goes; from any thread."""
        return self.store.status(self.last)

    def glimpse(self) -> Glimpse | None:
        """Return a small picture of the newest frame; None if there is none, or it is sound."""
        held = self.last
        if held is None or self.info.modality is Modality.SOUND:
            return None
        frame = Frame(modality=self.info.modality, stamp=held.stamp, pixels=held.pixels)
        return glimpse.of(frame, self.info.unit)

    def _settle(self, chosen: Chosen[Held]) -> None:
        for _ in chosen.spare:
            self.store.drop(NOT_ON_GRID)
        for held in chosen.kept:
            self.store.put(held)

    def _complain(self, why: str, text: str, *, fix: str) -> None:
        now_ns = self._clock.now_ns()
        self._course.tell_of_drops(why, self.info.modality, now_ns, text, fix=fix)
