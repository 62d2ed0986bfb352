"""The recording loop: every device in its own thread, every frame stored or counted as lost."""

from __future__ import annotations

import contextlib
import math
import shutil
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from capture.jpeg import encode_color
from taver.core import consent, lock
from taver.core.clock import NS_PER_S, Clock, Epoch
from taver.core.codec import encode_raster
from taver.core.errors import DeviceError, InputError, StorageError, TaverError
from taver.core.frames import Modality
from taver.core.progress import Silent
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import Session, create
from taver.core.session.manifest import Manifest, Marker, State, StreamRecord, software
from taver.core.session.streams import LOST_BY_DEVICE, finished_record, header_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.frames import DeviceInfo, Driver, Frame, Pixels
    from taver.core.progress import Progress
    from taver.core.study import Study

# How a recording that ended before its time is marked.
BROKEN_OFF = "broken off"
_SYNC_EVERY_S = 1.0
_LISTEN_EVERY_S = 0.2


class Source(NamedTuple):
    """A driver, and the clock it runs by."""

    driver: Driver
    clock: Clock


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded."""

    session: str
    participant: str | None
    seconds: float

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise InputError(
                f"Nothing can be recorded in {self.seconds} seconds",
                fix="give a length above 0, in seconds",
            )


def record(
    study: Study, plan: Plan, sources: Sequence[Source], progress: Progress | None = None
) -> Session:
    """Record a new session; what was written before an error stays, finished and marked."""
    with contextlib.ExitStack() as stack:
        devices = _open_all(sources, stack)
        modalities = [s.modality for device in devices for s in device.streams]
        agreed = None
        if plan.participant is not None:
            agreed = study.participants.get(plan.participant).consent
            consent.require(agreed, plan.participant, modalities)
        _try_encoders(modalities)
        manifest = Manifest(
            name=plan.session,
            participant=plan.participant,
            consent=agreed,
            simulated=any(device.simulated for device in devices),
            state=State.RECORDING,
            epoch=Epoch.now(),
            devices=tuple(devices),
            streams={
                s.modality: StreamRecord(
                    file=f"{s.modality}.mcap", driver=device.driver, serial=device.serial
                )
                for device in devices
                for s in device.streams
            },
            software=software(),
        )
        session = create(study, manifest)
        undo = stack.enter_context(contextlib.ExitStack())
        undo.callback(shutil.rmtree, session.folder, ignore_errors=True)
        stack.enter_context(lock.held(session.folder, f"Session {session.name}"))
        threads = [
            _DeviceThread(session, source, device, plan.seconds, progress or Silent())
            for source, device in zip(sources, devices, strict=True)
        ]
        for thread in threads:
            stack.callback(thread.close)
            thread.open()
        undo.pop_all()  # all files are open: from here on nothing is taken back
        expected = sum(round(plan.seconds * s.rate_hz) for d in devices for s in d.streams)
        (progress or Silent()).begin(f"recording {session.name}", expected)
        try:
            _run(threads)
        finally:
            _finish(session, threads)
    _raise_all([thread.error for thread in threads if thread.error is not None], session)
    return session


def _open_all(sources: Sequence[Source], stack: contextlib.ExitStack) -> list[DeviceInfo]:
    """Open every device, or say of each one that cannot be opened why."""
    if not sources:
        raise InputError("No device was named to record from", fix="name one, such as pattern")
    devices = []
    errors: list[TaverError] = []
    for source in sources:
        try:
            devices.append(source.driver.open())
            stack.callback(source.driver.close)
        except TaverError as error:
            errors.append(error)
    seen: set[Modality] = set()
    for stream in (s for device in devices for s in device.streams):
        if stream.modality in seen:
            errors.append(
                DeviceError(f"Two devices deliver {stream.modality}", fix="leave one of them out")
            )
        seen.add(stream.modality)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DeviceError(
            f"{len(errors)} devices cannot be used",
            fix="; ".join(dict.fromkeys(error.fix for error in errors)),
            problems=[error.what for error in errors],
        )
    return devices


def _try_encoders(modalities: Sequence[Modality]) -> None:
    """Find out before the first frame whether frames can be stored here at all."""
    for modality in modalities:
        if modality is Modality.COLOR:
            _encode(modality, np.zeros((16, 16, 3), np.uint8))
        else:
            _encode(modality, np.zeros((16, 16), np.uint16))


def _run(threads: Sequence[_DeviceThread]) -> None:
    """Let all record until they are done; Ctrl-C ends them cleanly."""
    try:
        for thread in threads:
            thread.start()
        _wait_for(threads)
    except BaseException:
        for thread in threads:
            thread.source.driver.stop()
        _wait_for(threads)
        raise


def _wait_for(threads: Sequence[_DeviceThread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(_LISTEN_EVERY_S)  # Windows hears no Ctrl-C inside one long wait


def _finish(session: Session, threads: Sequence[_DeviceThread]) -> None:
    """Finish every file that can be finished; only then is the session complete."""
    manifest = session.manifest
    unfinished: list[TaverError] = []
    for thread in threads:
        records, errors = thread.finish()
        unfinished += errors
        for modality, record in records.items():
            manifest = manifest.with_stream(modality, record)
    ends = tuple(thread.end for thread in threads if thread.end is not None)
    manifest = msgspec.structs.replace(manifest, markers=(*manifest.markers, *ends))
    if not unfinished:
        try:
            session.save(msgspec.structs.replace(manifest, state=State.COMPLETE))
        except StorageError as error:
            unfinished.append(error)
        else:
            return
    first = unfinished[0]
    fix = f"taver session recover {session.name}; every frame until then is there"
    if isinstance(first, StorageError):
        fix = f"free space on that disk (or get it back), then: {fix}"
    raise type(first)(
        f"Session {session.name} was cut off: {first.what}",
        fix=fix,
        problems=[error.what for error in unfinished[1:]],
    ) from first


def _raise_all(errors: Sequence[Exception], session: Session) -> None:
    if not errors:
        return
    kind = type(errors[0]) if isinstance(errors[0], TaverError) else DeviceError
    raise kind(
        f"Session {session.name} is not what was planned",
        fix="see what there is with: taver session show "
        f"{session.name}; then mend the cause and record again under another name",
        problems=[str(error) for error in errors],
    ) from errors[0]


class _DeviceThread(threading.Thread):
    """Takes the frames of one device, encodes and stores them."""

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

    def open(self) -> None:
        """Make the files; nothing is recorded yet."""
        for stream in self._device.streams:
            path = self._session.stream_file(stream.modality)
            header = header_for(self._session.manifest, stream.modality)
            self._writers[stream.modality] = StreamWriter(path, header)

    def close(self) -> None:
        """Let go of the files; one that was not finished stays partial, for `recover`."""
        if self.is_alive():
            return  # a driver that does not stop: its next write must not hit another file
        for writer in self._writers.values():
            writer.close()

    def run(self) -> None:
        """Record until the time is over, the driver is stopped, or something breaks."""
        driver, clock = self.source
        epoch = self._session.manifest.epoch
        start_ns = clock.now_ns()
        end_ns = start_ns + round(self._seconds * NS_PER_S)
        synced_s = time.monotonic()
        try:
            driver.start(start_ns)
            for frame in driver.frames():
                if frame.stamp.host_ns >= end_ns:
                    driver.stop()
                    break
                self._writers[frame.modality].write(
                    epoch.to_unix_ns(frame.stamp.host_ns),
                    frame.stamp,
                    _encode(frame.modality, frame.pixels),
                )
                self._account(frame)
                if time.monotonic() - synced_s > _SYNC_EVERY_S:
                    synced_s = time.monotonic()
                    for writer in self._writers.values():
                        writer.sync()
        except Exception as error:  # noqa: BLE001  told to the main thread, which raises it
            self.error = error
            self.end = Marker(name=BROKEN_OFF, unix_ns=time.time_ns(), note=f"{self.name}: {error}")

    def finish(self) -> tuple[dict[Modality, StreamRecord], list[TaverError]]:
        """Finish the files; return what they hold, and what kept others from being finished."""
        if self.is_alive():  # Ctrl-C twice: whoever waits no longer leaves the rest to `recover`
            return {}, [DeviceError(f"{self.name} does not stop", fix="unplug the device")]
        records = {}
        errors: list[TaverError] = []
        for modality, writer in self._writers.items():
            try:
                path = writer.finish()
                record = finished_record(path, self._session.manifest.streams[modality])
            except TaverError as error:
                errors.append(error)
                continue
            lost = {LOST_BY_DEVICE: self._lost[modality]} if self._lost[modality] else {}
            records[modality] = msgspec.structs.replace(record, dropped=lost)
        return records, errors

    def _account(self, frame: Frame) -> None:
        number = frame.stamp.number
        last = self._last.get(frame.modality)
        if last is not None:
            self._lost[frame.modality] += max(0, number - last - 1)
        self._last[frame.modality] = number
        with contextlib.suppress(Exception):  # whoever watches cannot end a recording
            self._progress.advance()


def _encode(modality: Modality, pixels: Pixels) -> bytes:
    if modality is Modality.COLOR:
        return encode_color(pixels)  # type: ignore[arg-type]  # colour is always uint8
    return encode_raster(pixels)  # type: ignore[arg-type]  # and all others uint16
