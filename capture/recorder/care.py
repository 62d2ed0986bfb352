"""Looks after a running recording: the bytes on the disk, the room there, silence and rates."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from capture.recorder.room import Guard
from capture.recorder.slow import SlowStreams
from capture.status import HappeningKind
from taver.core.errors import DeviceError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from capture.plan import Plan
    from capture.recorder.course import Course
    from capture.recorder.device import Device
    from capture.recorder.stream import Stream

_SYNC_EVERY_S: Final = 1.0
_MEASURE_EVERY_S: Final = 2.0
_WATCH_EVERY_S: Final = 0.1
_LOOK_AT_DISK_EVERY: Final = 3  # rounds of watching
_LOOK_AT_RATES_EVERY: Final = 10


class Care:
    """Three threads beside those that record; none of them holds up a frame."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        devices: Sequence[Device],
        course: Course,
        *,
        guarded: bool,
        stop: Callable[[], None],
    ) -> None:
        self._devices = devices
        self._streams: list[Stream] = [s for d in devices for s in d.streams.values()]
        self._course = course
        self._stop = stop
        self._guard = Guard(folder, self._streams, course, plan.seconds) if guarded else None
        self._slow = SlowStreams(self._streams, plan.grid_hz, course)
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=f"record {name}", daemon=True)
            for name, work in (("sync", self._sync), ("watch", self._watch))
        ]
        # It is not waited for: a device may be long in answering.
        threading.Thread(target=self._measure, name="record measure", daemon=True).start()
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Look no longer; files can be finished when this returns."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _sync(self) -> None:
        """Put on the disk, each second, what was written; beside the writing, not before it."""
        while not self._over.wait(_SYNC_EVERY_S):
            for stream in self._streams:
                try:
                    stream.store.sync()
                except StorageError as error:
                    if self._course.trouble(error, once=f"sync {stream.info.modality}"):
                        now_ns = self._now_ns()
                        self._course.tell(HappeningKind.DISK, now_ns, error.what, fix=error.fix)

    def _now_ns(self) -> int:
        return self._devices[0].source.clock.now_ns()

    def _measure(self) -> None:
        while not self._over.wait(_MEASURE_EVERY_S):
            for device in self._devices:
                device.measure()

    def _watch(self) -> None:
        """Look around a few times a second."""
        rounds = 0
        while not self._over.wait(_WATCH_EVERY_S):
            rounds += 1
            try:
                self._look(rounds)
            except Exception as error:  # noqa: BLE001  the recording is worth more than its watch
                text = f"Looking after the recording failed ({type(error).__name__}: {error})"
                fix = "report it with this line; what is recorded is not touched by it"
                self._course.trouble(DeviceError(text, fix=fix), once="watch")

    def _look(self, rounds: int) -> None:
        for device in self._devices:
            device.watch(device.source.clock.now_ns())
        if rounds % _LOOK_AT_DISK_EVERY == 0:
            self._look_at_disk()
        if rounds % _LOOK_AT_RATES_EVERY == 0:
            self._slow.look()
        if self._streams and all(stream.store.broken for stream in self._streams):
            self._stop()  # nothing can be stored any more

    def _look_at_disk(self) -> None:
        """End all streams at one moment while there is room to finish their files."""
        if self._guard is None or self._course.stopped.is_set():
            return
        now_ns = self._now_ns()
        if not self._course.is_over_at(now_ns) and self._guard.must_end(now_ns):
            self._course.end_ns = now_ns
