"""Takes the frames of one device in a thread of its own, encodes them and stores them."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capture import encode
from taver.core.clock import NS_PER_S, Clock
from taver.core.errors import DeviceError, TaverError
from taver.core.recording.writer import StreamWriter
from taver.core.session.manifest import Marker, StreamRecord
from taver.core.session.streams import LOST_BY_DEVICE, finished_piece, header_for

if TYPE_CHECKING:
    from taver.core.frames import DeviceInfo, Driver, Frame, Modality
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.session.manifest import Piece

# How a recording that ended before its time is marked.
BROKEN_OFF = "broken off"
_SYNC_EVERY_S = 1.0


class Source(NamedTuple):
    """A driver, and the clock it runs by."""

    driver: Driver
    clock: Clock


class DeviceThread(threading.Thread):
    """Records one device until its time is over, it is stopped, or it breaks."""

    def __init__(
        self,
        session: Session,
        source: Source,
        device: DeviceInfo,
        seconds: float,
        progress: Progress,
    ) -> None:
        super().__init__(name=f"record {device.driver} {device.serial}", daemon=True)
        self.source = source
        self.error: Exception | None = None
        self.end: Marker | None = None  # where it broke off
        self._session = session
        self._device = device
        self._seconds = seconds
        self._progress = progress
        self._lost: dict[Modality, int] = {s.modality: 0 for s in device.streams}
        self._last: dict[Modality, int] = {}
        self._writers: dict[Modality, StreamWriter] = {}
        # is_alive() cannot be trusted: from bpo-45274 to Python 3.12, Ctrl-C inside join() marks a
        # thread as ended that goes on, and that would write behind the end of its files.
        self._turn = threading.Lock()
        self._begun = self._stopped = False
        self._ended = threading.Event()

    def stop(self) -> None:
        """Let the device give no more; what has not begun to record by now never will."""
        with self._turn:
            self._stopped = True
            if not self._begun:
                self._ended.set()
        self.source.driver.stop()

    def wait(self, seconds: float) -> bool:
        """Wait so long for its end; tell whether it came, so that nothing is written any more."""
        return self._ended.wait(seconds)

    def open(self) -> None:
        """Make the files; nothing is recorded yet."""
        for stream in self._device.streams:
            path = self._session.stream_file(stream.modality)
            header = header_for(
                self._session.manifest, stream.modality, self._piece(stream.modality)
            )
            self._writers[stream.modality] = StreamWriter(path, header)

    def close(self) -> None:
        """Let go of the files; one that was not finished stays partial, for `recover`."""
        if self._is_recording:
            return  # a driver that does not stop: its next write must not hit another file
        for writer in self._writers.values():
            writer.close()

    def run(self) -> None:
        """Record until the time is over, the driver is stopped, or something breaks."""
        with self._turn:
            if self._stopped:
                return
            self._begun = True
        try:
            self._record()
        except Exception as error:  # noqa: BLE001  told to the main thread, which raises it
            self.error = error
            self.end = Marker(name=BROKEN_OFF, unix_ns=time.time_ns(), note=f"{self.name}: {error}")
        finally:
            self._ended.set()

    @property
    def _is_recording(self) -> bool:
        return self._begun and not self._ended.is_set()

    def _record(self) -> None:
        driver, clock = self.source
        epoch = self._session.manifest.epoch
        start_ns = clock.now_ns()
        end_ns = start_ns + round(self._seconds * NS_PER_S)
        synced_s = time.monotonic()
        driver.start(start_ns)
        for frame in driver.frames():
            if frame.stamp.host_ns >= end_ns:
                driver.stop()
                break
            self._writers[frame.modality].write(
                epoch.to_unix_ns(frame.stamp.host_ns),
                frame.stamp,
                encode.frame(frame.modality, frame.pixels),
            )
            self._account(frame)
            if time.monotonic() - synced_s > _SYNC_EVERY_S:
                synced_s = time.monotonic()
                for writer in self._writers.values():
                    writer.sync()

    def finish(self) -> tuple[dict[Modality, StreamRecord], list[TaverError]]:
        """Finish the files; return what they hold, and what kept others from being finished."""
        with self._turn:
            self._stopped = True
        # After Ctrl-C twice nobody waits any longer: what is there is left to `recover`.
        if self._is_recording:
            return {}, [DeviceError(f"{self.name} does not stop", fix="unplug the device")]
        records = {}
        errors: list[TaverError] = []
        for modality, writer in self._writers.items():
            try:
                path = writer.finish()
                piece = finished_piece(path, self._piece(modality))
            except TaverError as error:
                errors.append(error)
                continue
            lost = {LOST_BY_DEVICE: self._lost[modality]} if self._lost[modality] else {}
            piece = msgspec.structs.replace(piece, dropped=lost)
            records[modality] = StreamRecord(pieces=(piece,))
        return records, errors

    def _piece(self, modality: Modality) -> Piece:
        return self._session.manifest.streams[modality].pieces[0]

    def _account(self, frame: Frame) -> None:
        number = frame.stamp.number
        last = self._last.get(frame.modality)
        if last is not None:
            self._lost[frame.modality] += max(0, number - last - 1)
        self._last[frame.modality] = number
        with contextlib.suppress(Exception):  # whoever watches cannot end a recording
            self._progress.advance()
