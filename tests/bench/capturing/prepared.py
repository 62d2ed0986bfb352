"""Devices whose pixels were made beforehand, so that recording alone is measured."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from capture import encode
from capture.recorder import Source
from taver.core.clock import NS_PER_S, Clock, HostClock, VirtualClock
from taver.core.codec import decode
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo
from taver.core.recording.reader import StreamReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SIZE_PX = {
    Modality.COLOR: (1920, 1080),
    Modality.DEPTH: (512, 424),
    Modality.THERMAL: (640, 512),
}
# Which device delivers what.
DEVICES = {"kinect": (Modality.COLOR, Modality.DEPTH), "a65": (Modality.THERMAL,)}
RING = 3  # different pictures of each modality

Pictures = dict[Modality, list[np.ndarray]]


def pictures() -> Pictures:
    """Return pictures that compress about as real ones do (smooth, with sensor noise)."""
    noise = np.random.default_rng(7)
    rows, columns = np.mgrid[0:1080, 0:1920].astype(np.float32)
    made: Pictures = {modality: [] for modality in SIZE_PX}
    for n in range(RING):
        waves = [128 + 70 * np.sin(columns / 97 + k + n) * np.cos(rows / 71 - k) for k in range(3)]
        grain = noise.standard_normal((1080, 1920, 3), np.float32)
        color = np.stack(waves, axis=-1) + 4 * grain
        depth = 900 + 0.8 * columns[:424, :512] + 1.5 * grain[:424, :512, 0] + n
        thermal = 7400 + 300 * np.sin(rows[:512, :640] / 150 + n) + grain[:512, :640, 1]
        made[Modality.COLOR].append(color.clip(0, 255).astype(np.uint8))
        made[Modality.DEPTH].append(depth.astype(np.uint16))
        made[Modality.THERMAL].append(thermal.astype(np.uint16))
    return made


class PreparedDriver:
    """Gives `count` frames of each modality at an even rate, or goes on for ever."""

    def __init__(
        self,
        serial: str,
        given: Mapping[Modality, list[np.ndarray]],
        rate_hz: float,
        clock: Clock,
        *,
        count: int | None = None,
        fresh: bool = False,
    ) -> None:
        self._serial = serial
        self._given = given
        self._rate_hz = rate_hz
        self._clock = clock
        self._count = count
        self._fresh = fresh  # in memory of its own, as a camera's frames are
        self._start_ns = 0
        self._stopped = threading.Event()
        self.sent = 0

    def open(self) -> DeviceInfo:
        """Say what is delivered."""
        return DeviceInfo(
            driver="prepared", model="prepared pixels", serial=self._serial, simulated=True,
            streams=tuple(
                StreamInfo(
                    modality=m, width_px=p[0].shape[1], height_px=p[0].shape[0],
                    rate_hz=self._rate_hz, unit="",
                )
                for m, p in self._given.items()
            ),
        )  # fmt: skip

    def start(self, at_ns: int) -> None:
        """Let the first frame come then."""
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield the frames as a camera does; the stamp is read when one has come."""
        number = 0
        while number != self._count:
            due_ns = self._start_ns + round(number * NS_PER_S / self._rate_hz)
            self._clock.sleep_until_ns(due_ns, self._stopped)
            for modality, pixels in self._given.items():
                if self._stopped.is_set():
                    return
                host_ns = self._clock.now_ns()
                picture = pixels[number % len(pixels)]
                stamp = Stamp(host_ns=host_ns, device_ns=due_ns, number=number)
                self.sent += 1
                yield Frame(
                    modality=modality,
                    stamp=stamp,
                    pixels=picture.copy() if self._fresh else picture,
                )
            number += 1

    def stop(self) -> None:
        """End the frames."""
        self._stopped.set()

    def close(self) -> None:
        """Let go."""
        self.stop()


class Rig(NamedTuple):
    """A Kinect and a thermal camera made of prepared pixels."""

    sources: list[Source]

    @property
    def sent(self) -> int:
        """How many frames they gave."""
        return sum(source.driver.sent for source in self.sources)


def rig(made: Pictures, rate_hz: float, *, paced: bool, **more: object) -> Rig:
    """Return the devices, in real time or as fast as they are taken."""
    sources = []
    for serial, modalities in DEVICES.items():
        clock = HostClock() if paced else VirtualClock(10 * NS_PER_S)
        given = {m: made[m] for m in modalities}
        sources.append(Source(PreparedDriver(serial, given, rate_hz, clock, **more), clock))
    return Rig(sources)


class Wanted(NamedTuple):
    """What is to be stored of one picture."""

    modality: Modality
    pixels: np.ndarray
    data: bytes

    def is_in(self, data: memoryview) -> bool:
        """Tell whether this is what was stored.

        Blosc may put its blocks in another order each time: then the pixels decide, bit by bit.
        """
        if bytes(data) == self.data:
            return True
        if self.modality is Modality.COLOR:
            return False
        return np.array_equal(decode(self.modality, data, *self.pixels.shape), self.pixels)


Stored = dict[Modality, list[Wanted]]


def encoded(made: Pictures) -> Stored:
    """Return what must be stored of each picture."""
    return {m: [Wanted(m, p, encode.frame(m, p)) for p in pixels] for m, pixels in made.items()}


def check(path: Path, wanted: list[Wanted]) -> list[int]:
    """Return the numbers of the frames in a finished file, each of which must be right."""
    with StreamReader(path) as reader:
        numbers = []
        for stored in reader:
            number = stored.stamp.number
            assert wanted[number % len(wanted)].is_in(stored.data), f"{path}: frame {number}"
            numbers.append(number)
    return numbers
