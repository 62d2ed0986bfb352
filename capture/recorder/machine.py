"""Records all devices of one machine, from opening them to their finished files."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from capture import encode
from capture.recorder import room, shutter
from capture.recorder.care import Care
from capture.recorder.course import Course
from capture.recorder.device import Device
from capture.recorder.outcome import Recorded
from capture.recorder.stream import Stream
from capture.recorder.workers import Workers
from taver.core.errors import (
    AlreadyThereError,
    DeviceError,
    InputError,
    StorageError,
    TaverError,
    together,
)
from taver.core.progress import Silent
from taver.core.recording.writer import partial_of
from taver.core.session.manifest import Piece
from taver.core.session.streams import stream_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from capture.glimpse import Glimpse
    from capture.plan import Plan
    from capture.recorder.course import Timeline
    from capture.recorder.source import Source
    from capture.status import DeviceStatus, Happening
    from taver.core.clock import Epoch
    from taver.core.frames import DeviceInfo, Modality
    from taver.core.progress import Progress

_DRAIN_S: Final = 20.0


class MachineRecorder:
    """open, arm, start, stop_at or stop, wait, finish, close: in this order."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        sources: Sequence[Source],
        *,
        timeline: Timeline,
        listen: Callable[[Happening], None],
        progress: Progress | None = None,
        reconnect: bool = True,
        guarded: bool = True,
    ) -> None:
        """`reconnect`: get devices back that are gone; `guarded`: end before the disk is full."""
        self._folder = folder
        self._plan = plan
        self._sources = list(sources)
        self._course = Course(timeline, listen, progress or Silent(), reconnect=reconnect)
        self._guarded = guarded
        self._workers = Workers()
        self._devices: list[Device] = []
        self._care: Care | None = None

    def open(self) -> tuple[DeviceInfo, ...]:
        """Open every device, or say of each one that cannot be opened why."""
        if not self._sources:
            raise InputError("No device was named to record from", fix="name one, such as pattern")
        errors: list[TaverError] = []
        taken: set[Modality] = set()
        for source in self._sources:
            try:
                info = source.driver.open()
            except TaverError as error:
                errors.append(error)
                continue
            streams = {}
            for stream in info.streams:
                if not self._plan.wants(stream.modality):
                    continue
                if stream.modality in taken:
                    errors.append(
                        DeviceError(
                            f"Two devices deliver {stream.modality}", fix="leave one of them out"
                        )
                    )
                taken.add(stream.modality)
                streams[stream.modality] = Stream(
                    stream, source.clock, self._course, self._workers, paced=source.paced
                )
            self._devices.append(Device(source, info, streams, self._course))
        if errors:
            self.close()
            raise together(errors, "devices cannot be used")
        return tuple(device.info for device in self._devices)

    def arm(self, files: Mapping[Modality, str], *, simulated: bool, epoch: Epoch) -> None:
        """Find out that frames can be stored, and that there is room; make the files."""
        streams = self._streams
        missing = [s.info.modality for s in streams if s.info.modality not in files]
        if missing:
            raise InputError(
                f"No file is named for {', '.join(missing)}", fix="name one for each stream"
            )
        encode.rehearse([s.info.modality for s in streams])
        if self._guarded:
            infos = [s.info for s in streams]
            room.require(self._folder, infos, self._plan.seconds, self._plan.grid_hz)
        self._refuse_taken(files)
        try:
            for device in self._devices:
                for stream in device.streams.values():
                    self._make_file(device, stream, files, simulated=simulated, epoch=epoch)
        except BaseException:
            for stream in streams:
                stream.store.take_back()
            raise

    def start(self, at_host_ns: int, *, grid_start_unix_ns: int | None = None) -> None:
        """Let frames be stored from that moment of this machine on.

        `grid_start_unix_ns` is the grid's first slot, where another machine begins it.
        """
        self._course.start_ns = at_host_ns
        if grid_start_unix_ns is None:
            grid_start_unix_ns = self._course.unix_ns(at_host_ns)
        for stream in self._streams:
            stream.start(grid_start_unix_ns, self._plan.grid_hz)
        self._workers.start()
        self._care = Care(
            self._folder,
            self._plan,
            self._devices,
            self._course,
            guarded=self._guarded,
            stop=self.stop,
        )
        for device in self._devices:
            device.start()

    def stop_at(self, host_ns: int) -> None:
        """Let every stream end at that moment: what is taken then or later is not stored."""
        self._course.end_ns = host_ns

    def stop(self) -> None:
        """End now: devices give no more, and what they gave is stored."""
        self._course.stopped.set()
        for device in self._devices:
            with contextlib.suppress(Exception):
                device.stop()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; tell whether everything is over and stored."""
        until_s = time.monotonic() + seconds
        events = [d.done for d in self._devices]
        events += [s.store.done for s in self._streams]
        return all(event.wait(max(0.0, until_s - time.monotonic())) for event in events)

    def devices(self) -> tuple[DeviceStatus, ...]:
        """Return how it goes, device by device."""
        return tuple(device.status() for device in self._devices)

    def glimpse(self, modality: Modality) -> Glimpse | None:
        """Return a small picture of what a camera sees now, made when asked for."""
        for device in self._devices:
            if modality in device.streams:
                return device.streams[modality].glimpse()
        return None

    def set_shutter(self, automatic: bool) -> None:
        """Let cameras close their shutter when they like, or only when told."""
        for device in self._devices:
            shutter.set_automatic(device, self._course, automatic=automatic)

    def close_shutter(self) -> bool:
        """Close the shutter of every camera that has one; tell whether there was one."""
        closed = [shutter.close(device, self._course) for device in self._devices]
        return any(closed)

    def finish(self) -> Recorded:
        """Finish every file that can be finished, and tell what they hold."""
        if not self.wait(0):
            self.stop()
            self.wait(_DRAIN_S)
        if self._care is not None:
            self._care.end()
        pieces: dict[Modality, Piece] = {}
        unfinished: list[TaverError] = []
        for device in self._devices:
            for modality, stream in device.streams.items():
                stream.end()  # also where the device never stops
                if not stream.store.done.wait(_DRAIN_S):
                    unfinished.append(
                        StorageError(
                            f"{modality} is still being written",
                            fix="check that the disk is there and healthy",
                        )
                    )
                    continue
                try:
                    pieces[modality] = stream.store.finish()
                except TaverError as error:
                    unfinished.append(error)
        broken = [device.error for device in self._devices if device.error is not None]
        problems = (*broken, *self._course.problems)
        return Recorded(pieces, self._course.markers, problems, tuple(unfinished))

    def close(self) -> None:
        """Let go of devices and files; may be called twice."""
        self._course.stopped.set()
        if self._care is not None:
            self._care.end()
        self._workers.close()
        for device in self._devices:
            with contextlib.suppress(Exception):
                device.stop()
        for source in [*(d.source for d in self._devices), *self._sources]:
            with contextlib.suppress(Exception):
                source.driver.close()
        for stream in self._streams:
            stream.store.close()

    def _refuse_taken(self, files: Mapping[Modality, str]) -> None:
        """Raise AlreadyThereError where a recording of that name is there, finished or not."""
        taken = [
            name
            for name in files.values()
            for path in (self._folder / name, partial_of(self._folder / name))
            if path.exists()
        ]
        if taken:
            raise AlreadyThereError(
                f"{', '.join(taken)} is there already in {self._folder}",
                fix="choose another session name; taver never overwrites a recording",
            )

    def _make_file(
        self,
        device: Device,
        stream: Stream,
        files: Mapping[Modality, str],
        *,
        simulated: bool,
        epoch: Epoch,
    ) -> None:
        header = stream_header(
            device.info,
            stream.info,
            session=self._plan.session,
            participant=self._plan.participant,
            simulated=simulated,
            epoch=epoch,
        )
        file = files[stream.info.modality]
        info = device.info
        piece = Piece(file=file, driver=info.driver, serial=info.serial, epoch=epoch)
        stream.store.arm(self._folder / file, header, piece)

    @property
    def _streams(self) -> list[Stream]:
        return [stream for device in self._devices for stream in device.streams.values()]
