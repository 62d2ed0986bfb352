"""The Kinect v2 through Microsoft's SDK, on Windows."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import numpy as np

from capture.kinect2 import pictures, sdk, streams
from capture.kinect2.silence import Silence
from taver.core.clock import NS_PER_S, machine_ns
from taver.core.errors import DeviceError, TaverError
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.clock import Clock
    from taver.core.frames import Pixels

_NAME: Final = "kinect2_windows"
_TICK_NS: Final = 100
_PERIOD_TICKS: Final = 333_333
_BGRA: Final = 3  # the SDK's ColorImageFormat_Bgra
_LISTEN_EVERY_S: Final = 0.1
_APPEARS_WITHIN_S: Final = 5.0
_SOURCE: Final = {
    Modality.COLOR: "ColorFrameSource",
    Modality.DEPTH: "DepthFrameSource",
    Modality.IR: "InfraredFrameSource",
}
_NOT_COUNTED: Final = (
    "the SDK numbers no frames: lost ones are told from gaps in the device's own time"
)


class Kinect2WindowsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of the machine's Kinect; the SDK knows one only."""

    serial: str = ""  # empty: whichever it is
    modalities: tuple[Modality, ...] = (Modality.COLOR, Modality.DEPTH)
    mirrored: bool = True  # whether the SDK's pictures are those of a looking-glass

    def __post_init__(self) -> None:
        streams.refuse_others(self.modalities)


class Kinect2WindowsDriver:
    """Waits for the SDK's events and copies each frame before the next can take its place.

    Its frames keep the machine's monotonic time, whatever clock is given.
    """

    Config: ClassVar = Kinect2WindowsConfig

    def __init__(
        self,
        config: Kinect2WindowsConfig,
        clock: Clock,  # noqa: ARG002  see above
        sdk: sdk.Sdk | None = None,  # another than Microsoft's
    ) -> None:
        self._config = config
        self._sdk = sdk
        self._sensor: Any = None
        self._readers: list[_Reader] = []
        self._start_ns: int | None = None
        self._stopped = threading.Event()
        self._turn = threading.Lock()

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs pykinect2, or the driver for other systems."""
        return sdk.missing()

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return the machine's Kinect, if it is plugged in."""
        if cls.missing() is not None:
            return []
        driver = cls(Kinect2WindowsConfig(), None)  # type: ignore[arg-type]  # it has no use for a clock
        try:
            return [driver.open()]
        except TaverError:  # none is plugged in, or the SDK is not there
            return []
        finally:
            driver.close()

    def open(self) -> DeviceInfo:
        """Open the sensor and wait until it answers."""
        self.close()
        given = self._sdk or sdk.WindowsSdk()
        sensor = given.sensor()
        try:
            sensor.Open()
            serial = self._awaited(given, sensor)
        except BaseException:
            sensor.Close()
            raise
        self._sdk, self._sensor = given, sensor
        self._stopped.clear()
        return DeviceInfo(
            driver=_NAME,
            model=streams.MODEL,
            serial=serial,
            streams=tuple(map(streams.of, self._config.modalities)),
            simulated=False,
            settings={"mirrored by the SDK": str(self._config.mirrored).lower()},
            warnings=(_NOT_COUNTED,),
        )

    def start(self, at_ns: int) -> None:
        """Open the readers; frames before `at_ns` are passed over."""
        if self._sensor is None:
            raise DeviceError("The Kinect was not opened", fix="call open() before start()")
        if not self._readers:
            config = self._config
            self._readers = [_Reader(self._sensor, m, config.mirrored) for m in config.modalities]
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they arrive, stamped when their event is heard."""
        given, start_ns = self._sdk, self._start_ns
        if given is None or start_ns is None or not self._readers:
            raise DeviceError("The Kinect was not started", fix="call start() first")
        silence = Silence(self._config.modalities)
        waiting = list(self._readers)
        while not self._stopped.is_set():
            before_ns = machine_ns()
            with self._turn:
                if self._sensor is None:
                    return
                came = given.wait([reader.event for reader in waiting], _LISTEN_EVERY_S)
                heard_ns = machine_ns()
                frame = None
                if came is not None:
                    reader = waiting.pop(came)
                    # Windows tells the first event that has come: nobody shall always be first.
                    waiting.append(reader)
                    frame = reader.take(given, heard_ns)
            silence.waited((heard_ns - before_ns) / NS_PER_S)
            if frame is not None:
                silence.heard(frame.modality)
                if heard_ns >= start_ns and not self._stopped.is_set():
                    yield frame
            self._refuse(silence)

    def stop(self) -> None:
        """End the frames within a tenth of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of readers and sensor."""
        self.stop()
        with self._turn:
            for reader in self._readers:
                reader.close()
            self._readers = []
            sensor, self._sensor = self._sensor, None
            self._start_ns = None
            if sensor is not None:
                sensor.Close()

    def _awaited(self, given: sdk.Sdk, sensor: Any) -> str:
        """Return the sensor's identifier as soon as it answers."""
        until_s = time.monotonic() + _APPEARS_WITHIN_S
        while not sensor.IsAvailable:
            if time.monotonic() > until_s:
                raise DeviceError(
                    "No Kinect v2 answers",
                    fix="plug it into a USB 3 port and its own power supply, and see what the "
                    "SDK's Kinect Configuration Verifier says",
                )
            time.sleep(0.05)
        serial = given.serial(sensor)
        if self._config.serial not in {"", serial}:
            raise DeviceError(
                f"The Kinect {self._config.serial} is not there (there is: {serial})",
                fix="choose this one, or leave its serial number out",
            )
        return serial

    def _refuse(self, silence: Silence) -> None:
        silent = silence.of()
        if silent and not self._stopped.is_set():
            raise DeviceError(
                f"The Kinect sends no {' and no '.join(silent)} any more",
                fix="check its cable, its power supply and its USB 3 port",
            )


class _Reader:
    """The frames of one modality."""

    def __init__(self, sensor: Any, modality: Modality, mirrored: bool) -> None:
        self.modality = modality
        self._mirrored = mirrored
        self._reader = getattr(sensor, _SOURCE[modality]).OpenReader()
        self.event: int = self._reader.SubscribeFrameArrived()
        width_px, height_px = streams.SIZE_PX[modality]
        color = modality is Modality.COLOR
        self._buffer = np.empty(
            (height_px, width_px, 4) if color else (height_px, width_px),
            np.uint8 if color else np.uint16,
        )
        self._ticks: int | None = None
        self._number = 0

    def take(self, given: sdk.Sdk, host_ns: int) -> Frame | None:
        """Return the frame that an event told of, or None if it is gone already."""
        self._reader.GetFrameArrivedEventData(self.event)  # the event is quiet from here on
        try:
            frame = self._reader.AcquireLatestFrame()
        except Exception as error:
            if given.is_pending(error):
                return None
            raise DeviceError(
                f"The Kinect's {self.modality} frame cannot be taken: {error}",
                fix="unplug it and plug it in again",
            ) from error
        try:
            ticks = int(frame.RelativeTime)
            period = int(frame.ColorCameraSettings.FrameInterval) if self._is_color else 0
            self._copy(frame)
        finally:
            del frame  # the SDK sends no other while this one is held
        return Frame(
            modality=self.modality,
            stamp=Stamp(
                host_ns=host_ns,
                device_ns=ticks * _TICK_NS,
                number=self._counted(ticks, period or _PERIOD_TICKS),
            ),
            pixels=self._pixels(),
        )

    def close(self) -> None:
        """Let go of it."""
        with contextlib.suppress(Exception):  # of a device that is gone, too
            self._reader.UnsubscribeFrameArrived(self.event)
        self._reader = None

    @property
    def _is_color(self) -> bool:
        return self.modality is Modality.COLOR

    def _copy(self, frame: Any) -> None:
        if self._is_color:
            bytes_at = self._buffer.ctypes.data_as(ctypes.POINTER(ctypes.c_ubyte))
            frame.CopyConvertedFrameDataToArray(self._buffer.size, bytes_at, _BGRA)
        else:
            counts_at = self._buffer.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
            frame.CopyFrameDataToArray(self._buffer.size, counts_at)

    def _pixels(self) -> Pixels:
        if self._is_color:
            return pictures.color(self._buffer, blue_first=True, mirrored=self._mirrored)
        return pictures.turned(self._buffer) if self._mirrored else self._buffer.copy()

    def _counted(self, ticks: int, period_ticks: int) -> int:
        """Return the frame's number, which counts the periods of the device's own clock."""
        if self._ticks is not None:
            self._number += max(1, round((ticks - self._ticks) / period_ticks))
        self._ticks = ticks
        return self._number
