"""The Kinect v2 through libfreenect2, on Linux."""

from __future__ import annotations

import functools
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from capture.kinect2 import build, factory, library, pictures, streams
from capture.kinect2.counting import Unwrapped
from capture.kinect2.silence import Silence
from taver.core import home
from taver.core.clock import NS_PER_S
from taver.core.errors import DeviceError
from taver.core.frames import FACTORY, DeviceInfo, Frame, FrameStatus, Modality, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from taver.core.camera import Camera
    from taver.core.clock import Clock
    from taver.core.frames import Pixels

_NAME: Final = "kinect2_linux"
_TICK_NS: Final = 125_000
_LISTEN_EVERY_S: Final = 0.1
_KIND: Final = {
    Modality.COLOR: library.COLOR,
    Modality.DEPTH: library.DEPTH,
    Modality.IR: library.IR,
}
_MODALITY: Final = {kind: modality for modality, kind in _KIND.items()}


class Kinect2LinuxConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which device, and what of it."""

    serial: str = ""  # empty: the first one
    modalities: tuple[Modality, ...] = (Modality.COLOR, Modality.DEPTH)
    pipeline: str = ""  # cpu, gl, cl or cuda computes depth; empty: libfreenect2's own choice
    shim: str = ""  # one that was built elsewhere; empty: built here

    def __post_init__(self) -> None:
        streams.refuse_others(self.modalities)


class _Counts:
    """What one stream's counters said, unwrapped."""

    def __init__(self) -> None:
        self._number = Unwrapped()
        self._ticks = Unwrapped()

    def stamp(self, taken: library.Taken) -> Stamp:
        """Return the stamp of the stream's next frame."""
        return Stamp(
            host_ns=taken.host_ns,
            device_ns=self._ticks(taken.ticks) * _TICK_NS,
            number=self._number(taken.number),
            status=FrameStatus.INCOMPLETE if taken.status else FrameStatus.OK,
        )


class Kinect2LinuxDriver:
    """Takes frames from libfreenect2, which stamps nothing: the shim does, as they arrive.

    Its frames keep the machine's monotonic time, whatever clock is given.
    """

    Config: ClassVar = Kinect2LinuxConfig

    def __init__(self, config: Kinect2LinuxConfig, clock: Clock) -> None:  # noqa: ARG002  see above
        self._config = config
        self._device: library.Device | None = None
        self._start_ns: int | None = None
        self._stopped = threading.Event()
        self._serial = config.serial
        self._readings: dict[str, float] = {}
        self._color_ns: int | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs libfreenect2 or a compiler, if they are not here."""
        return build.missing()

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """List the devices that this user may open."""
        if cls.missing() is not None:
            return []
        return [
            _info(serial, "", (Modality.COLOR, Modality.DEPTH)) for serial in _load("").serials()
        ]

    def open(self) -> DeviceInfo:
        """Build the shim if need be, and open the device."""
        self.close()
        device = _load(self._config.shim).open(self._config.serial, self._config.pipeline)
        try:
            self._serial, firmware = self._started(device)
        except BaseException:
            device.close()
            raise
        self._device = device
        self._stopped.clear()
        self._color_ns = None
        settings = {"pipeline": self._config.pipeline or "libfreenect2's choice"}
        for modality, camera in self.factory_cameras().items():
            if modality is not Modality.DEPTH:  # it is the infrared camera's
                settings[f"{FACTORY}{modality}"] = msgspec.json.encode(camera).decode()
        return _info(self._serial, firmware, self._config.modalities, settings)

    def factory_cameras(self) -> dict[Modality, Camera]:
        """Return the device's own calibration of its lenses, for pictures that are put right."""
        if self._device is None:
            raise DeviceError("The Kinect was not opened", fix="call open() first")
        return factory.cameras(self._device.cameras())

    def readings(self) -> Mapping[str, float]:
        """Return how fast colour comes, which halves in dim light, and its exposure and gain."""
        return dict(self._readings)

    def start(self, at_ns: int) -> None:
        """Keep frames from now on; those before `at_ns` are passed over."""
        if self._device is None:
            raise DeviceError("The Kinect was not opened", fix="call open() before start()")
        self._device.listen(self._wanted)
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they arrive; colour and depth are not in step with each other."""
        device, start_ns = self._device, self._start_ns
        if device is None or start_ns is None:
            raise DeviceError("The Kinect was not started", fix="call start() first")
        counts = {modality: _Counts() for modality in self._config.modalities}
        silence = Silence(self._config.modalities)
        while not self._stopped.is_set():
            before_s = time.monotonic()
            taken = device.next(_LISTEN_EVERY_S)
            silence.waited(time.monotonic() - before_s)
            if taken is not None:
                try:
                    modality = _MODALITY[taken.kind]
                    silence.heard(modality)
                    stamp = counts[modality].stamp(taken)
                    self._read(modality, stamp, taken)
                    early = stamp.host_ns < start_ns
                    pixels = None if early else _pixels(modality, taken)
                finally:
                    device.release(taken)
                if pixels is not None and not self._stopped.is_set():
                    yield Frame(modality=modality, stamp=stamp, pixels=pixels)
            self._refuse(device, silence)

    def stop(self) -> None:
        """End the frames within a tenth of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Stop the device and let go of it."""
        self.stop()
        device, self._device = self._device, None
        self._start_ns = None
        if device is not None:
            device.close()

    @property
    def _wanted(self) -> int:
        return functools.reduce(int.__or__, (_KIND[m] for m in self._config.modalities))

    def _started(self, device: library.Device) -> tuple[str, str]:
        """Start the device, and return its serial number and its firmware's version.

        It runs from `open` on: only then it tells firmware and calibration, and its exposure has
        found its way when the first frame is wanted.
        """
        if not device.start(self._wanted):
            raise DeviceError(
                f"The Kinect {device.about()[0]} does not start: "
                f"{device.complaint() or 'libfreenect2 gives no reason'}",
                fix="give it a USB 3 port of its own; dmesg tells errors of the USB controller",
            )
        return device.about()

    def _read(self, modality: Modality, stamp: Stamp, taken: library.Taken) -> None:
        if modality is not Modality.COLOR or stamp.device_ns is None:
            return
        period_ns = stamp.device_ns - self._color_ns if self._color_ns is not None else 0
        self._color_ns = stamp.device_ns
        readings = {"color_exposure": taken.exposure, "color_gain": taken.gain}
        self._readings = readings | ({"color_hz": NS_PER_S / period_ns} if period_ns > 0 else {})

    def _refuse(self, device: library.Device, silence: Silence) -> None:
        silent = silence.of()
        if silent and not self._stopped.is_set():
            complaint = device.complaint()
            raise DeviceError(
                f"The Kinect {self._serial} sends no {' and no '.join(silent)} any more"
                f"{f' ({complaint})' if complaint else ''}",
                fix="check its cable, its power supply and its USB 3 port",
            )


def _pixels(modality: Modality, taken: library.Taken) -> Pixels:
    values = taken.values
    if values.shape[1::-1] != streams.SIZE_PX[modality]:
        raise DeviceError(
            f"libfreenect2 gives {modality} of {values.shape[1]}x{values.shape[0]} pixels",
            fix="report it: taver knows Kinect v2 pictures of one size only",
        )
    if modality is Modality.COLOR:
        # Most decoders give blue first, and not all of them say so.
        blue_first = taken.form != library.RGBX
        return pictures.color(values, blue_first=blue_first)  # type: ignore[arg-type]  # colour is uint8
    return pictures.counts(values)  # type: ignore[arg-type]  # and all others float32


def _info(
    serial: str,
    firmware: str,
    modalities: tuple[Modality, ...],
    settings: dict[str, str] | None = None,
) -> DeviceInfo:
    return DeviceInfo(
        driver=_NAME,
        model=streams.MODEL,
        serial=serial,
        streams=tuple(map(streams.of, modalities)),
        simulated=False,
        firmware=firmware,
        settings=settings or {},
    )


def _load(shim: str) -> library.Library:
    if shim:
        path = Path(shim)
        if not path.is_file():
            raise DeviceError(
                f"There is no shim to libfreenect2 at {shim}",
                fix="leave the key shim out, so that taver builds its own",
            )
        return library.Library(path)
    return library.Library(build.shim(home.cache()))
