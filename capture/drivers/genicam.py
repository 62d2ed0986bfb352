"""A GenICam camera through harvesters and whatever GenTL producer (.cti) its maker delivers.

A producer is foreign machine code in this process and can take it down; the capture daemon gives
every driver a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from capture import limits
from capture.a65 import settings as a65
from capture.a65.holder import Holder, stream_of
from capture.gige.producer import COLOURS, Producing, harvester, producers
from taver.core.errors import DeviceError, InputError, MissingExtraError
from taver.core.frames import DeviceInfo, Modality

if TYPE_CHECKING:
    from taver.core.clock import Clock


class GenicamConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which producer, which of its cameras, and what it shows."""

    serial: str = ""  # empty: the only one the producer finds
    cti: str = ""  # the producer's file
    environment: bool = False  # also look where GENICAM_GENTL64_PATH says
    modality: Modality = Modality.THERMAL
    rate_hz: float = a65.NATIVE_HZ  # where the camera lets it be set
    sync_mode: str = ""
    buffers: int = 30
    silence_s: float = 1.5

    def __post_init__(self) -> None:
        if self.modality not in (Modality.THERMAL, Modality.COLOR):
            raise InputError(
                f"A GenICam camera cannot be read as {self.modality}",
                fix="choose the modality thermal or color",
            )
        limits.refuse(
            "The GenICam camera cannot run with",
            (
                ("rate_hz", self.rate_hz, 0 < self.rate_hz <= 1000),
                ("buffers", self.buffers, 4 <= self.buffers <= 1000),
                ("silence_s", self.silence_s, 0.2 <= self.silence_s <= 60),
            ),
            fix="rates of 1-1000 Hz, 4-1000 buffers, a silence of 0.2-60 s",
        )


class GenicamDriver(Holder[Producing]):
    """Loads the producer and sets the camera's nodes; Holder does the rest.

    Incomplete frames are thrown away by harvesters and count as lost.
    """

    Config: ClassVar = GenicamConfig
    WHAT: ClassVar = "The GenICam camera"

    def __init__(self, config: GenicamConfig, clock: Clock) -> None:
        super().__init__(clock, silence_s=config.silence_s, modality=config.modality)
        self._config = config

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs harvesters, or the library that its wheel needs."""
        try:
            harvester()
        except MissingExtraError as error:
            return error.fix
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return nothing: which producers may be loaded into a process has to be told."""
        return []

    def open(self) -> DeviceInfo:
        """Load the producer, take hold of the camera, and set its nodes."""
        self.close()
        config = self._config
        told = producers(config.cti, environment=config.environment)
        camera = Producing(told, config.serial, config.buffers, self._clock)
        try:
            known = a65.identity(camera)
            settled = _settled(camera, config)
        except BaseException:
            camera.close()
            raise
        name = f"The {config.modality} camera {camera.serial} of {camera.producer}"
        self._hold(camera, camera, name)
        return DeviceInfo(
            driver="genicam",
            model=f"{camera.vendor} {camera.model}",
            serial=camera.serial,
            streams=(stream_of(settled, config.modality),),
            simulated=camera.producer == "viky.cti",  # the one inside the genicam wheel
            firmware=known["firmware"] or camera.version,
            settings={**settled.settings, "producer": camera.producer},
            warnings=settled.warnings,
        )


def _settled(camera: Producing, config: GenicamConfig) -> a65.Settled:
    """Set a thermal camera as an A65; of a colour camera, see only that its pixels can be read."""
    if config.modality is Modality.THERMAL:
        return a65.settle(camera, config.rate_hz, config.sync_mode)
    pixels = camera.read("PixelFormat")
    for wanted in COLOURS:
        if pixels in COLOURS:
            break
        try:
            camera.write("PixelFormat", wanted)
        except DeviceError:
            continue
        pixels = camera.read("PixelFormat")
    if pixels not in COLOURS:
        raise DeviceError(
            f"The camera gives pixels of {pixels}, and none of {', '.join(COLOURS)}",
            fix="read it as thermal, or set another pixel format with its maker's program",
        )
    rate, warnings = a65.set_rate(camera, config.rate_hz)
    return a65.Settled(
        settings={"PixelFormat": pixels},
        warnings=warnings,
        unit="rgb8",
        width_px=int(camera.read("Width") or 0),
        height_px=int(camera.read("Height") or 0),
        rate_hz=rate,
    )
