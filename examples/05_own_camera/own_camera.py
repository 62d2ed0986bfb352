"""A driver for a camera that taver does not know, as a package of its own.

    pip install examples/05_own_camera
    taver devices
    TAVER_DRIVER=own_camera pytest tests/conformance -n 0

The first lines make it one of taver's devices: `taver capture` records from it. The last one runs
the tests that every driver passes, in a checkout with the extra test. `Sdk` stands for the library
of your camera's maker and draws noise; put yours in its place, and say `simulated=False`.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
import numpy as np

from taver.core.clock import Clock
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo


class Sdk:
    """What a maker's library usually is: open, wait for a picture, close."""

    WIDTH_PX, HEIGHT_PX, RATE_HZ = 320, 240, 30.0

    def __init__(self, serial: str) -> None:
        self.serial = serial
        self._begun_s = time.monotonic()
        self._random = np.random.default_rng(0)

    def wait(self) -> tuple[int, int, np.ndarray[Any, np.dtype[np.uint8]]]:
        """Return the next picture with its number and the camera's own time in nanoseconds."""
        number = int((time.monotonic() - self._begun_s) * self.RATE_HZ) + 1
        time.sleep(max(0.0, self._begun_s + number / self.RATE_HZ - time.monotonic()))
        shape = (self.HEIGHT_PX, self.WIDTH_PX, 3)
        return (
            number,
            round(number * 1e9 / self.RATE_HZ),
            self._random.integers(0, 256, shape, np.uint8),
        )


class OwnConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What study.toml may say under `settings`, and the serial number."""

    serial: str = "0001"


class OwnCamera:
    """Hands on what the camera sends, each picture stamped when it has arrived."""

    Config: ClassVar = OwnConfig

    def __init__(self, config: OwnConfig, clock: Clock) -> None:
        self._serial = config.serial
        self._clock = clock
        self._sdk: Sdk | None = None
        self._start_ns: int | None = None
        self._stopped = threading.Event()

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs what is lacking: try to import the maker's library."""
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the cameras that are there; none of them is opened for it."""
        return [_about("0001")]

    def open(self) -> DeviceInfo:
        """Take hold of the camera; load the maker's library here, not when this is imported."""
        self._sdk = Sdk(self._serial)
        self._stopped.clear()
        return _about(self._serial)

    def start(self, at_ns: int) -> None:
        """Let frames come from the host's time `at_ns` on."""
        if self._sdk is None:
            raise DeviceError("The camera was not opened", fix="call open() before start()")
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield every picture until `stop`, which another thread calls."""
        if self._sdk is None or self._start_ns is None:
            raise DeviceError("The camera was not started", fix="call start() before frames()")
        while not self._stopped.is_set():
            # Where yours can fall silent: raise DeviceError when nothing came for 1.5 s.
            number, device_ns, pixels = self._sdk.wait()
            host_ns = self._clock.now_ns()  # first of all: before anything is done with the pixels
            if host_ns < self._start_ns or self._stopped.is_set():
                continue
            stamp = Stamp(host_ns=host_ns, device_ns=device_ns, number=number)
            yield Frame(modality=Modality.COLOR, stamp=stamp, pixels=pixels)

    def stop(self) -> None:
        """End `frames`."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the camera."""
        self.stop()
        self._sdk = self._start_ns = None


def _about(serial: str) -> DeviceInfo:
    color = StreamInfo(
        modality=Modality.COLOR,
        width_px=Sdk.WIDTH_PX,
        height_px=Sdk.HEIGHT_PX,
        rate_hz=Sdk.RATE_HZ,
        unit="rgb8",
    )
    return DeviceInfo(
        driver="own_camera", model="noise", serial=serial, streams=(color,), simulated=True
    )
