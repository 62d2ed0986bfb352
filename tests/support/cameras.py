"""A camera in real time that a test can unplug, silence, hang and close the shutter of."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from capture.plan import Plan
from capture.recorder import MachineRecorder, Source
from taver.core.clock import NS_PER_S, Epoch, HostClock
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo, Frame, FrameStatus, Modality, Stamp, StreamInfo
from taver.core.recording.reader import StreamReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from capture.status import Happening, HappeningKind

WIDTH_PX, HEIGHT_PX = 24, 16
SAMPLES_HZ = 16_000


class World:
    """What happens to a camera; every driver of it, old or new, lives in it."""

    def __init__(self) -> None:
        self.unplugged = threading.Event()
        self.hung = threading.Event()  # it does not even hear that it is to stop
        self.mute: set[Modality] = set()
        self.frozen = False
        self.opened = 0
        self.told: list[str] = []  # of its shutter
        self.size_px = (WIDTH_PX, HEIGHT_PX)


class Camera:
    """One driver of the camera; its frames hold their number."""

    def __init__(
        self,
        world: World,
        modalities: tuple[Modality, ...] = (Modality.DEPTH,),
        *,
        serial: str = "cam",
        rate_hz: float = 50.0,
        announced_hz: float | None = None,
        exact: bool = False,
    ) -> None:
        self._world = world
        self._modalities = modalities
        self._serial = serial
        self._rate_hz = rate_hz
        self._announced_hz = announced_hz or rate_hz
        self._exact = exact  # it stamps when a frame was due, however busy the machine is
        self._stopped = threading.Event()
        self._start_ns = 0

    def open(self) -> DeviceInfo:
        """Say what it is, if it is plugged in."""
        self._refuse_unplugged()
        self._stopped.clear()
        self._world.opened += 1
        return DeviceInfo(
            driver="camera",
            model="a test's",
            serial=self._serial,
            streams=tuple(self._stream(m) for m in self._modalities),
            simulated=True,
        )

    def start(self, at_ns: int) -> None:
        """Let frames come from then on."""
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield frames, until something happens."""
        number = 0
        while not self._stopped.is_set():
            due_ns = self._start_ns + round(number * NS_PER_S / self._rate_hz)
            HostClock().sleep_until_ns(due_ns, self._stopped)
            while self._world.hung.is_set():
                time.sleep(0.02)
            self._refuse_unplugged()
            for modality in self._modalities:
                if self._stopped.is_set():
                    return
                if modality not in self._world.mute:
                    stamp = Stamp(
                        host_ns=due_ns if self._exact else time.monotonic_ns(),
                        device_ns=due_ns - self._start_ns,
                        number=number,
                        status=FrameStatus.FROZEN if self._world.frozen else FrameStatus.OK,
                    )
                    yield Frame(modality=modality, stamp=stamp, pixels=self._pixels(modality))
            number += 1

    def stop(self) -> None:
        """End the frames."""
        self._stopped.set()

    def close(self) -> None:
        """Let go."""
        self.stop()

    def set_shutter(self, *, automatic: bool) -> None:
        """Take note."""
        self._world.told.append("automatic" if automatic else "manual")

    def close_shutter(self) -> None:
        """Take note."""
        self._refuse_unplugged()
        self._world.told.append("close")

    def readings(self) -> dict[str, float]:
        """Say how warm it is."""
        return {"housing_celsius": 31.5}

    def _refuse_unplugged(self) -> None:
        if self._world.unplugged.is_set():
            raise DeviceError(f"The camera {self._serial} was unplugged", fix="plug it in")

    def _stream(self, modality: Modality) -> StreamInfo:
        if modality is Modality.SOUND:
            return StreamInfo(
                modality=modality, rate_hz=self._announced_hz, unit="pcm16",
                samples_hz=SAMPLES_HZ, channels=1,
            )  # fmt: skip
        return StreamInfo(
            modality=modality, width_px=WIDTH_PX, height_px=HEIGHT_PX,
            rate_hz=self._announced_hz, unit="mm",
        )  # fmt: skip

    def _pixels(self, modality: Modality) -> np.ndarray:
        width_px, height_px = self._world.size_px
        if modality is Modality.SOUND:
            return np.arange(round(SAMPLES_HZ / self._rate_hz), dtype=np.int16)[:, None]
        if modality is Modality.COLOR:
            return np.full((height_px, width_px, 3), 90, np.uint8)
        return np.full((height_px, width_px), 900, np.uint16)


def source(world: World, *arguments, renewable=True, **more) -> Source:
    """Return the camera as a source that can be made afresh."""

    def made() -> Camera:
        return Camera(world, *arguments, **more)

    return Source(made(), HostClock(), again=made if renewable else None)


class Studio(NamedTuple):
    """A recorder that is running, and what was heard of it."""

    recorder: MachineRecorder
    folder: Path
    heard: list[Happening]

    def kinds(self) -> list[HappeningKind]:
        """Return of what kind everything heard was."""
        return [happening.kind for happening in self.heard]

    def stream(self, modality=Modality.DEPTH):
        """Return the status of one stream."""
        (status,) = (
            s
            for device in self.recorder.devices()
            for s in device.streams
            if s.modality is modality
        )
        return status

    def until(self, holds, seconds=60.0) -> None:
        """Wait until `holds()`, while the sums have to close at every look."""
        end_s = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end_s, (self.heard, self.recorder.devices())
            self.assert_sums_close()
            time.sleep(0.01)

    def assert_sums_close(self) -> None:
        """Check that no frame is unaccounted for."""
        for device in self.recorder.devices():
            for s in device.streams:
                assert s.taken == s.stored + sum(s.dropped.values()) + s.queued, s

    def finished(self):
        """Stop, finish, and check what is there against what was counted."""
        self.recorder.stop()
        assert self.recorder.wait(60)
        recorded = self.recorder.finish()
        self.assert_sums_close()
        for modality, piece in recorded.pieces.items():
            status = self.stream(modality)
            assert status.queued == 0
            assert (piece.frames, piece.dropped) == (status.stored, status.dropped)
            with StreamReader(self.folder / piece.file) as reader:
                numbers = [stored.stamp.number for stored in reader]
            assert len(numbers) == piece.frames
            assert all(after > before for before, after in itertools.pairwise(numbers))
        return recorded


@contextlib.contextmanager
def armed(folder, *sources, seconds=60.0, grid_hz=0, streams=None, **more) -> Iterator[Studio]:
    """Give a recorder that has only to be started."""
    folder.mkdir(exist_ok=True)
    heard: list[Happening] = []
    epoch = Epoch.now()
    plan = Plan(session="s01", participant=None, seconds=seconds, grid_hz=grid_hz, streams=streams)
    recorder = MachineRecorder(folder, plan, sources, timeline=epoch, listen=heard.append, **more)
    try:
        infos = recorder.open()
        files = {s.modality: f"{s.modality}.mcap" for info in infos for s in info.streams}
        recorder.arm(files, simulated=True, epoch=epoch)
        yield Studio(recorder, folder, heard)
    finally:
        recorder.close()


@contextlib.contextmanager
def running(folder, *sources, **more) -> Iterator[Studio]:
    """Give a recorder that runs."""
    with armed(folder, *sources, **more) as studio:
        studio.recorder.start(time.monotonic_ns())
        yield studio
