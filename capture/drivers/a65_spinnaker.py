"""A FLIR A65 through PySpin, of the vendor's Spinnaker SDK."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

import msgspec

from capture.a65 import settings as a65
from capture.a65.nodes import CLOSE_SHUTTER
from capture.gige.spinnaker import SpinnakerCamera, pyspin, seen
from capture.gige.taking import Taking
from taver.core.errors import DeviceError, InputError, MissingExtraError
from taver.core.frames import DeviceInfo, Modality, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capture.gige.spinnaker import Seen
    from taver.core.clock import Clock
    from taver.core.frames import Frame


class A65SpinnakerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which camera, and how it is read."""

    serial: str = ""  # empty: the only one the SDK finds
    rate_hz: float = a65.NATIVE_HZ  # where the camera lets it be set
    sync_mode: str = ""  # SyncMode, which the camera forgets when switched off; empty: as it is
    packet_size_bytes: int = 0  # 0: as the SDK settled it
    packet_resend: bool = True
    buffers: int = 60  # of one picture each: two seconds at 30 Hz
    silence_s: float = 1.5  # without a frame for so long it counts as gone

    def __post_init__(self) -> None:
        if not (0 < self.rate_hz <= 1000 and 4 <= self.buffers <= 1000 and self.silence_s >= 0.2):
            raise InputError(
                f"The thermal camera cannot run with rate_hz = {self.rate_hz}, "
                f"buffers = {self.buffers}, silence_s = {self.silence_s}",
                fix="rates of 1-1000 Hz, 4-1000 buffers, a silence of 0.2 s or more",
            )


class A65SpinnakerDriver:
    """Holds the camera, sets its nodes, and counts what it sends."""

    Config: ClassVar = A65SpinnakerConfig

    def __init__(self, config: A65SpinnakerConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._camera: SpinnakerCamera | None = None
        self._name = ""
        self._at_ns: int | None = None
        self._taking: Taking | None = None
        self._stopped = threading.Event()

    @classmethod
    def missing(cls) -> str | None:
        """Say how to get the SDK and its Python package, if they are not here."""
        try:
            pyspin()
        except MissingExtraError as error:
            return error.fix
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """List the thermal cameras that the SDK finds."""
        if cls.missing() is not None:
            return []
        return [_listed(one) for one in seen() if a65.may_be_thermal(one.vendor, one.model)]

    def open(self) -> DeviceInfo:
        """Find the camera, take hold of it, and set its nodes."""
        self.close()
        config = self._config
        camera = SpinnakerCamera(config.serial, self._clock)
        try:
            settled = a65.settle(camera.nodes, config.rate_hz, config.sync_mode)
            if config.packet_size_bytes:
                camera.nodes.write("GevSCPSPacketSize", str(config.packet_size_bytes))
            camera.prepare(config.buffers, resend=config.packet_resend)
            firmware = a65.identity(camera.nodes)["firmware"]
            packet_size = camera.nodes.read("GevSCPSPacketSize")
        except BaseException:
            camera.close()
            raise
        self._camera = camera
        self._name = f"The thermal camera {camera.told.serial}"
        self._stopped.clear()
        return DeviceInfo(
            driver="a65_spinnaker",
            model=f"{camera.told.vendor} {camera.told.model}",
            serial=camera.told.serial,
            streams=(
                StreamInfo(
                    modality=Modality.THERMAL,
                    width_px=settled.width_px,
                    height_px=settled.height_px,
                    rate_hz=settled.rate_hz,
                    unit=settled.unit,
                ),
            ),
            simulated=False,
            firmware=firmware,
            address=camera.told.address,
            settings={
                **settled.settings,
                "GevSCPSPacketSize": packet_size or "unknown",
                "packet_resend": "on" if config.packet_resend else "off",
                "library": "Spinnaker",
            },
            warnings=settled.warnings,
        )

    def start(self, at_ns: int) -> None:
        """Let the camera send from `at_ns` on."""
        self._held()
        self._at_ns = at_ns
        self._stopped.clear()

    def frames(self) -> Iterator[Frame]:
        """Yield the thermal pictures; raises DeviceError if none comes for `silence_s`."""
        camera = self._held()
        if self._at_ns is None:
            raise DeviceError(f"{self._name} was not started", fix="call start() first")
        self._taking = Taking(
            camera,
            Modality.THERMAL,
            self._clock,
            name=self._name,
            silence_s=self._config.silence_s,
        )
        yield from self._taking.frames(self._at_ns, self._stopped)

    def set_shutter(self, *, automatic: bool) -> None:
        """Let the camera close its shutter when it likes, or only when told."""
        a65.let_shutter_be(self._held().nodes, automatic=automatic)

    def close_shutter(self) -> None:
        """Close the shutter once, now."""
        self._held().nodes.execute(CLOSE_SHUTTER)

    def readings(self) -> Mapping[str, float]:
        """Return the camera's temperatures, and what became of its frames."""
        counted = {} if self._taking is None else msgspec.structs.asdict(self._taking.tally)
        return {
            **a65.readings(self._held().nodes),
            **{f"frames_{name}": count for name, count in counted.items()},
        }

    def stop(self) -> None:
        """End the frames; also while one is awaited."""
        self._stopped.set()

    def close(self) -> None:
        """Give the camera back."""
        self.stop()
        camera, self._camera = self._camera, None
        self._at_ns = None
        if camera is not None:
            camera.close()

    def _held(self) -> SpinnakerCamera:
        if self._camera is None:
            raise DeviceError("The thermal camera was not opened", fix="call open() first")
        return self._camera


def _listed(one: Seen) -> DeviceInfo:
    return DeviceInfo(
        driver="a65_spinnaker",
        model=f"{one.vendor} {one.model}",
        serial=one.serial,
        streams=(a65.EXPECTED,),
        simulated=False,
        address=one.address,
    )
