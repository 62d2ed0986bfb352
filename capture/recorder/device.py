"""Takes the frames of one device in a thread of its own, and gets it back when it is gone.

A driver that raises is gone, and so is one that gives nothing for too long; it is then closed and
opened once a second until it comes back. A driver that does not even end when it is told to is
left to itself, and a fresh one takes its place where there is a way to make one.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from capture.recorder.outcome import BROKEN_OFF, GAP
from capture.recorder.shutter import ShutterLog
from capture.recorder.silence import Silence
from capture.status import DeviceStatus, HappeningKind
from taver.core.clock import NS_PER_S
from taver.core.errors import DeviceError, TaverError
from taver.core.frames import Measured, Shuttered
from taver.core.session.manifest import Marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.recorder.course import Course
    from capture.recorder.source import Source
    from capture.recorder.stream import Stream
    from taver.core.frames import DeviceInfo, Frame, Modality, Stamp

_TRY_AGAIN_EVERY_S: Final = 1.0
# Frames of one moment do not come at one moment: so long after the end they are waited for.
_STRAGGLERS_NS: Final = NS_PER_S
# A device that was told to stop may still give what it had in hand; then it is not waited for.
_UNSTOPPABLE_NS: Final = 5 * NS_PER_S


class Device:
    """Records one device until the recording is over, or it is gone for good."""

    def __init__(
        self,
        source: Source,
        info: DeviceInfo,
        streams: Mapping[Modality, Stream],
        course: Course,
    ) -> None:
        self.source = source
        self.info = info
        self.streams = dict(streams)
        self.done = threading.Event()  # no frame is taken any more
        self.error: TaverError | None = None  # what it broke with, for good
        self._course = course
        self._turn = threading.RLock()
        self._connection = 0  # counts the threads; only the latest one's frames are taken
        self._silence = Silence(self.name, streams, course)
        self._shutter = ShutterLog(self.name, course)
        self._lost: TaverError | None = None
        self._lost_ns = self._lost_told_ns = 0
        self._gave_up_on = -1  # the connection that was told to end because it was silent
        self._told_to_stop_ns: int | None = None
        self._ended: set[Modality] = set()
        self._readings: dict[str, float] = {}
        self._is_automatic: bool | None = None  # its shutter; None: as the device likes it

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.info.driver} {self.info.serial}"

    def start(self) -> None:
        """Begin, in a thread of its own."""
        with self._turn:
            if self._course.stopped.is_set() or not self.streams:
                self._end()
            else:
                self._launch(reopen=False)

    def stop(self) -> None:
        """Let the device give no more; what has not begun to record by now never will."""
        with self._turn:
            if not self._connection:
                self._end()
            elif self._told_to_stop_ns is None:
                self._told_to_stop_ns = self.source.clock.now_ns()
        self.source.driver.stop()

    def status(self) -> DeviceStatus:
        """Return how it goes."""
        lost = self._lost or self._silence.problem
        return DeviceStatus(
            driver=self.info.driver,
            serial=self.info.serial,
            streams=tuple(stream.status() for stream in self.streams.values()),
            connected=self._lost is None,
            problem="" if lost is None else f"{lost.what}; {lost.fix}",
            readings=self._readings,
        )

    def measure(self) -> None:
        """Ask it for its readings, if it has any."""
        driver = self.source.driver
        if isinstance(driver, Measured) and self._lost is None and not self.done.is_set():
            with contextlib.suppress(Exception):  # a reading is no reason to end a recording
                self._readings = dict(driver.readings())

    def set_shutter(self, *, automatic: bool) -> None:
        """Let its shutter be the camera's business or ours; also when it was gone and came back."""
        self._is_automatic = automatic
        if isinstance(self.source.driver, Shuttered):
            self.source.driver.set_shutter(automatic=automatic)

    def watch(self, now_ns: int) -> None:
        """End it when its time is over, notice when it is silent; a few times a second."""
        if not self.source.paced or self.done.is_set() or not self._connection:
            return
        if self._course.is_over_at(now_ns - _STRAGGLERS_NS):
            self.stop()
        told_ns = self._told_to_stop_ns
        if told_ns is not None:
            if now_ns - told_ns > _UNSTOPPABLE_NS:
                self._leave_it(now_ns)
        elif self._course.reconnect:
            self._look_for_silence(now_ns)

    def _look_for_silence(self, now_ns: int) -> None:
        with self._turn:
            if self._lost is None:
                silent = self._silence.look(now_ns)
                if silent is None or self._is_over():
                    return
                self._lose(silent)
                self._gave_up_on = self._connection
            elif self._gave_up_on == self._connection and now_ns - self._lost_told_ns > (
                _UNSTOPPABLE_NS
            ):
                if self.source.again is not None:
                    self._launch(reopen=True)
                return
            else:
                return
        with contextlib.suppress(Exception):
            self.source.driver.stop()

    def _leave_it(self, now_ns: int) -> None:
        """Wait no longer for a device that does not stop; what it gives now is not taken."""
        self._course.tell(
            HappeningKind.WARNING,
            now_ns,
            f"{self.name} does not stop; the recording ends without it",
            fix="unplug it, and plug it in again before the next recording",
        )
        with self._turn:
            self._connection += 1
            self._end()

    def _launch(self, *, reopen: bool) -> None:
        self._connection += 1
        thread = threading.Thread(
            target=self._run,
            args=(self._connection, reopen),
            name=f"record {self.name}",
            daemon=True,
        )
        thread.start()

    # In its thread

    def _run(self, mine: int, reopen: bool) -> None:
        try:
            while not reopen or self._get_back(mine):
                self._silence.begin(max(self._course.start_ns, self.source.clock.now_ns()))
                error = self._take_frames(mine)
                if mine != self._connection or self._is_over():
                    return
                if error is None and self._gave_up_on != mine:
                    self._came_to_its_end()
                    return
                with self._turn:
                    if error is not None and self._lost is None:
                        self._lose(error)
                if not self._course.reconnect:
                    return
                reopen = True
        finally:
            with self._turn:
                if mine == self._connection:
                    self._end()

    def _take_frames(self, mine: int) -> TaverError | None:
        """Take frames until there are no more; return what it broke with."""
        driver = self.source.driver
        try:
            driver.start(max(self._course.start_ns, self.source.clock.now_ns()))
            for frame in driver.frames():
                if mine != self._connection or not self._take(frame, mine):
                    driver.stop()
                    break
        except TaverError as error:
            return error
        except Exception as error:  # noqa: BLE001  told as the device's, whatever it is
            return DeviceError(
                f"{self.name} broke ({type(error).__name__}: {error})",
                fix="unplug it and plug it in again; if that does not help, report it with this",
            )
        return None

    def _take(self, frame: Frame, mine: int) -> bool:
        """Hand a frame to its stream; return False when all is over."""
        stamp = frame.stamp
        stream = self.streams.get(frame.modality)
        end_ns = self._course.end_ns
        if end_ns is not None and stamp.host_ns >= end_ns:
            if stream is not None and frame.modality not in self._ended and self._lost is None:
                stream.passed(frame, end_ns)
            self._ended.add(frame.modality)
            is_late = stamp.host_ns >= end_ns + _STRAGGLERS_NS
            return not is_late and not self._ended.issuperset(self.streams)
        if stream is None or stamp.host_ns < self._course.start_ns:
            return True
        if self._lost is not None and self._gave_up_on != mine:
            self._come_back(stamp)
        self._silence.heard(frame.modality, stamp.host_ns)
        self._shutter.see(frame.modality, stamp)
        stream.offer(frame)
        return True

    def _is_over(self) -> bool:
        return self._course.stopped.is_set() or self._course.is_over_at(self.source.clock.now_ns())

    def _came_to_its_end(self) -> None:
        """Tell that there is no more of it: a replayed session is over, a camera never."""
        self._course.tell(
            HappeningKind.WARNING,
            self.source.clock.now_ns(),
            f"{self.name} has no more frames to give",
            fix="record no longer than there is to replay",
        )

    def _lose(self, error: TaverError) -> None:
        """Tell that it is gone."""
        now_ns = self.source.clock.now_ns()
        self._lost, self._lost_ns = error, self._last_ns(now_ns)
        self._lost_told_ns = now_ns
        if not self._course.reconnect:
            self.error = error
            note = f"{self.name}: {error.what}"
            at_ns = self._course.unix_ns(self._lost_ns)
            self._course.mark(Marker(name=BROKEN_OFF, unix_ns=at_ns, note=note, source="device"))
        text = f"{self.name} is gone: {error.what}"
        self._course.tell(HappeningKind.LOST, now_ns, text, fix=error.fix)

    def _get_back(self, mine: int) -> bool:
        """Try to open it again until that works; return False when all is over."""
        while not self._course.stopped.wait(_TRY_AGAIN_EVERY_S):
            if self._is_over() or mine != self._connection:
                return False
            with contextlib.suppress(Exception):
                self.source.driver.close()
            source = self._opened_again()
            if source is None:
                continue
            with self._turn:
                if mine != self._connection:
                    return False
                self.source = source
            if self._is_automatic is not None:
                with contextlib.suppress(Exception):  # it refused before, too
                    self.set_shutter(automatic=self._is_automatic)
            for stream in self.streams.values():
                stream.restarted()
            self._gave_up_on = -1
            return True
        return False

    def _opened_again(self) -> Source | None:
        """Try to open it; None while it is gone, or another is in its place."""
        driver = None
        with contextlib.suppress(Exception):
            source = self.source.renewed()
            driver = source.driver
            if driver.open().serial == self.info.serial:
                return source
        if driver is not None:
            with contextlib.suppress(Exception):
                driver.close()
        return None

    def _come_back(self, stamp: Stamp) -> None:
        self._mark_gap(stamp.host_ns)
        self._lost = None
        self._course.tell(
            HappeningKind.BACK,
            self._lost_ns,
            f"{self.name} is back after {(stamp.host_ns - self._lost_ns) / NS_PER_S:.1f} s",
            until_host_ns=stamp.host_ns,
        )

    def _mark_gap(self, until_ns: int) -> None:
        """Mark from when until when it gave nothing."""
        if self._lost is None:
            return
        self._course.mark(
            Marker(
                name=GAP,
                unix_ns=self._course.unix_ns(self._lost_ns),
                until_unix_ns=self._course.unix_ns(until_ns),
                note=f"{self.name}: {self._lost.what}",
                source="device",
            )
        )

    def _last_ns(self, now_ns: int) -> int:
        """Return when its newest frame came."""
        last = [s.last.stamp.host_ns for s in self.streams.values() if s.last is not None]
        return max(last, default=min(now_ns, self._course.start_ns))

    def _end(self) -> None:
        """End its streams, and whatever lasted until now."""
        if self.done.is_set():
            return
        now_ns = self.source.clock.now_ns()
        end_ns = now_ns if self._course.end_ns is None else min(now_ns, self._course.end_ns)
        if self._course.reconnect:
            self._mark_gap(end_ns)
        self._silence.end(end_ns)
        self._shutter.end(end_ns)
        for stream in self.streams.values():
            stream.end()
        self.done.set()
