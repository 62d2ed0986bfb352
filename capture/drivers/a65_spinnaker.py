"""A FLIR A65 through PySpin, of the vendor's Spinnaker SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from capture import limits
from capture.a65 import settings as a65
from capture.a65.holder import Holder, stream_of
from capture.gige.spinnaker import SpinnakerCamera, pyspin, seen
from taver.core.errors import MissingExtraError
from taver.core.frames import DeviceInfo

if TYPE_CHECKING:
    from capture.gige.spinnaker import Seen
    from taver.core.clock import Clock


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
        limits.refuse(
            "The thermal camera cannot run with",
            (
                ("rate_hz", self.rate_hz, 0 < self.rate_hz <= 1000),
                ("buffers", self.buffers, 4 <= self.buffers <= 1000),
                ("silence_s", self.silence_s, 0.2 <= self.silence_s <= 60),
            ),
            fix="rates of 1-1000 Hz, 4-1000 buffers, a silence of 0.2-60 s",
        )


class A65SpinnakerDriver(Holder[SpinnakerCamera]):
    """Opens the camera and sets its nodes; Holder does the rest."""

    Config: ClassVar = A65SpinnakerConfig

    def __init__(self, config: A65SpinnakerConfig, clock: Clock) -> None:
        super().__init__(clock, silence_s=config.silence_s)
        self._config = config

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
        self._hold(camera, camera.nodes, f"{self.WHAT} {camera.told.serial}")
        return DeviceInfo(
            driver="a65_spinnaker",
            model=f"{camera.told.vendor} {camera.told.model}",
            serial=camera.told.serial,
            streams=(stream_of(settled),),
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


def _listed(one: Seen) -> DeviceInfo:
    return DeviceInfo(
        driver="a65_spinnaker",
        model=f"{one.vendor} {one.model}",
        serial=one.serial,
        streams=(a65.EXPECTED,),
        simulated=False,
        address=one.address,
    )
