"""A FLIR A65, or a camera like it, by GigE Vision through Aravis."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from capture import limits
from capture.a65 import settings as a65
from capture.a65.holder import Holder, stream_of
from capture.gige import found as gige
from capture.gige import kernel
from capture.gige.camera import Camera
from capture.gige.library import aravis, how_to_get
from taver.core.errors import DeviceError, MissingExtraError
from taver.core.frames import DeviceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capture.gige.found import Found
    from taver.core.clock import Clock
    from taver.core.frames import Frame

SIMULATED_BY: Final = "Aravis"  # the vendor that its simulated camera names


class A65AravisConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which camera, and how it is read."""

    serial: str = ""  # empty: the only one that answers
    address: str = ""  # its IP address, for one that a search does not reach
    rate_hz: float = a65.NATIVE_HZ  # where the camera lets it be set
    sync_mode: str = ""  # SyncMode, which the camera forgets when switched off; empty: as it is
    packet_size_bytes: int = 0  # 0: the largest that the network lets through
    packet_resend: bool = True
    buffers: int = 60  # of one picture each: two seconds at 30 Hz
    silence_s: float = 1.5  # without a frame for so long it counts as gone

    def __post_init__(self) -> None:
        packet_bytes = self.packet_size_bytes
        limits.refuse(
            "The thermal camera cannot run with",
            (
                ("address", self.address, not self.address or _is_ipv4(self.address)),
                ("rate_hz", self.rate_hz, 0 < self.rate_hz <= 1000),
                ("packet_size_bytes", packet_bytes, 0 <= packet_bytes <= 16_000),
                ("buffers", self.buffers, 4 <= self.buffers <= 1000),
                ("silence_s", self.silence_s, 0.2 <= self.silence_s <= 60),
            ),
            fix="an IPv4 address, rates of 1-1000 Hz, packets up to 16000 bytes (0: found out), "
            "4-1000 buffers, a silence of 0.2-60 s",
        )


class A65AravisDriver(Holder[Camera]):
    """Opens the camera and sets its nodes; Holder does the rest."""

    Config: ClassVar = A65AravisConfig

    def __init__(self, config: A65AravisConfig, clock: Clock) -> None:
        super().__init__(clock, silence_s=config.silence_s)
        self._config = config

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs Aravis, if its library is not here."""
        try:
            aravis()
        except MissingExtraError:
            return how_to_get()
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """List FLIR's thermal cameras, and Aravis' simulated one, on this machine's networks."""
        if cls.missing() is not None:
            return []
        return [
            _listed(one)
            for one in gige.find()
            if one.vendor == SIMULATED_BY or a65.may_be_thermal(one.vendor, one.model)
        ]

    def open(self) -> DeviceInfo:
        """Find the camera, take control of it, and set its nodes."""
        config = self._config
        self.close()
        aravis()  # a missing library is told before the search, which needs none
        address = config.address or gige.choose(gige.find(), config.serial).address
        camera = Camera(address, self._clock)
        try:
            known = a65.identity(camera.nodes)
            _refuse_another(config.serial, known["serial"], address)
            settled = a65.settle(camera.nodes, config.rate_hz, config.sync_mode)
            packet_bytes = camera.settle_packet_size(config.packet_size_bytes)
            camera.prepare(
                settled.width_px, settled.height_px, config.buffers, resend=config.packet_resend
            )
        except BaseException:
            camera.close()
            raise
        self._hold(camera, camera.nodes, f"{self.WHAT} {known['serial']} at {address}")
        return DeviceInfo(
            driver="a65_aravis",
            model=f"{known['vendor']} {known['model']}",
            serial=known["serial"],
            streams=(stream_of(settled),),
            simulated=known["vendor"] == SIMULATED_BY,
            firmware=known["firmware"],
            address=address,
            settings={
                **settled.settings,
                "GevSCPSPacketSize": str(packet_bytes),
                "packet_resend": "on" if config.packet_resend else "off",
                "library": f"Aravis {aravis().version()}",
            },
            warnings=(
                *settled.warnings,
                *kernel.warnings(2 * settled.width_px * settled.height_px),
            ),
        )

    def frames(self) -> Iterator[Frame]:
        """Yield the pictures; a camera that fell silent is given up, so that it can be reopened."""
        try:
            yield from super().frames()
        except DeviceError:
            if self._camera is not None:
                self._camera.give_up()
            raise


def _is_ipv4(address: str) -> bool:
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return True


def _refuse_another(wanted: str, serial: str, address: str) -> None:
    if wanted and serial != wanted:
        raise DeviceError(
            f"The camera at {address} has the serial {serial}, not {wanted}",
            fix="name the serial alone to have it looked for, or see: taver devices",
        )


def _listed(one: Found) -> DeviceInfo:
    return DeviceInfo(
        driver="a65_aravis",
        model=f"{one.vendor} {one.model}",
        serial=one.serial,
        streams=(a65.EXPECTED,),
        simulated=one.vendor == SIMULATED_BY,
        firmware=one.version,
        address=one.address,
    )
