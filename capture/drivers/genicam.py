"""A GenICam camera through harvesters and whatever GenTL producer (.cti) its maker delivers.

A producer is foreign machine code in this process and can take it down; the capture daemon gives
every driver a process of its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

import msgspec

from capture.a65 import settings as a65
from capture.a65.nodes import CLOSE_SHUTTER
from capture.gige.producer import COLOURS, Producing, harvester, producers
from capture.gige.taking import Taking
from taver.core.errors import DeviceError, InputError, MissingExtraError
from taver.core.frames import DeviceInfo, Modality, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from taver.core.clock import Clock
    from taver.core.frames import Frame


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
        if not (0 < self.rate_hz <= 1000 and 4 <= self.buffers <= 1000 and self.silence_s >= 0.2):
            raise InputError(
                f"The GenICam camera cannot run with rate_hz = {self.rate_hz}, "
                f"buffers = {self.buffers}, silence_s = {self.silence_s}",
                fix="rates of 1-1000 Hz, 4-1000 buffers, a silence of 0.2 s or more",
            )


class GenicamDriver:
    """Loads the producer, sets the camera's nodes, and takes its frames."""

    Config: ClassVar = GenicamConfig

    def __init__(self, config: GenicamConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._held: Producing | None = None
        self._name = ""
        self._at_ns: int | None = None
        self._taking: Taking | None = None
        self._stopped = threading.Event()

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
        self._held = camera
        self._name = f"The {config.modality} camera {camera.serial} of {camera.producer}"
        self._stopped.clear()
        return DeviceInfo(
            driver="genicam",
            model=f"{camera.vendor} {camera.model}",
            serial=camera.serial,
            streams=(
                StreamInfo(
                    modality=config.modality,
                    width_px=settled.width_px,
                    height_px=settled.height_px,
                    rate_hz=settled.rate_hz,
                    unit=settled.unit,
                ),
            ),
            simulated=camera.producer == "viky.cti",  # the one inside the genicam wheel
            firmware=known["firmware"] or camera.version,
            settings={**settled.settings, "producer": camera.producer},
            warnings=settled.warnings,
        )

    def start(self, at_ns: int) -> None:
        """Let the camera send from `at_ns` on."""
        self._camera()
        self._at_ns = at_ns
        self._stopped.clear()

    def frames(self) -> Iterator[Frame]:
        """Yield the pictures; incomplete ones are thrown away by harvesters and count as lost."""
        camera = self._camera()
        if self._at_ns is None:
            raise DeviceError(f"{self._name} was not started", fix="call start() first")
        self._taking = Taking(
            camera,
            self._config.modality,
            self._clock,
            name=self._name,
            silence_s=self._config.silence_s,
        )
        yield from self._taking.frames(self._at_ns, self._stopped)

    def set_shutter(self, *, automatic: bool) -> None:
        """Let the camera close its shutter when it likes, or only when told."""
        a65.let_shutter_be(self._camera(), automatic=automatic)

    def close_shutter(self) -> None:
        """Close the shutter once, now."""
        self._camera().execute(CLOSE_SHUTTER)

    def readings(self) -> Mapping[str, float]:
        """Return the camera's temperatures, where it has any, and what became of its frames."""
        counted = {} if self._taking is None else msgspec.structs.asdict(self._taking.tally)
        return {
            **a65.readings(self._camera()),
            **{f"frames_{name}": count for name, count in counted.items()},
        }

    def stop(self) -> None:
        """End the frames; also while one is awaited."""
        self._stopped.set()

    def close(self) -> None:
        """Give the camera back and let go of the producer."""
        self.stop()
        camera, self._held = self._held, None
        self._at_ns = None
        if camera is not None:
            camera.close()

    def _camera(self) -> Producing:
        if self._held is None:
            raise DeviceError("The GenICam camera was not opened", fix="call open() first")
        return self._held


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
