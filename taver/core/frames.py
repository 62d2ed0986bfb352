"""What a sensor gives: modalities, frames with their stamps, and the protocol of drivers."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from taver.core.clock import Clock

    # Colour as (height, width, 3) RGB, other pictures as (height, width), a block of sound as
    # (samples, channels) of signed 16 bit.
    Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[np.int16]


class Modality(enum.StrEnum):
    """One kind of recording; the value names its stream, its file and its consent."""

    COLOR = "color"
    DEPTH = "depth"
    IR = "ir"
    THERMAL = "thermal"
    SOUND = "sound"


# Under this and a modality's name a device's settings hold its own calibration: a camera, as JSON.
FACTORY: Final = "factory camera "
PICTURES: Final = (Modality.COLOR, Modality.DEPTH, Modality.IR, Modality.THERMAL)


class FrameStatus(enum.IntFlag):
    """What is known to be wrong with a frame; 0 is a good one."""

    OK = 0
    INCOMPLETE = 1  # packets of it were lost on the way
    FROZEN = 2  # the thermal shutter was closed


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """When a frame was taken, by each clock that saw it; read before any processing."""

    host_ns: int  # monotonic clock of the machine the sensor hangs on
    device_ns: int | None  # the sensor's own clock; None where it has none
    number: int  # the sensor's frame counter: gaps in it are lost frames
    status: FrameStatus = FrameStatus.OK


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One picture and its stamp."""

    modality: Modality
    stamp: Stamp
    pixels: Pixels


class StreamInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one stream of a device delivers: pictures of one size, or blocks of sound."""

    modality: Modality
    width_px: int = 0
    height_px: int = 0
    rate_hz: float  # frames a second; of sound, blocks
    unit: str  # of one count: "rgb8", "mm", "ir", "0.04 K", "pcm16"
    samples_hz: int = 0  # of sound
    channels: int = 0


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which device it is, and what it delivers."""

    driver: str
    model: str
    serial: str
    streams: tuple[StreamInfo, ...]
    simulated: bool
    firmware: str = ""
    address: str = ""
    settings: dict[str, str] = {}  # how it was set for the recording: "NUCMode": "Automatic"
    warnings: tuple[str, ...] = ()  # what it could not be set to, and what was done instead


class Driver(Protocol):
    """One open device.

    A driver's module loads no vendor library when it is imported; `open` does.
    """

    def open(self) -> DeviceInfo:
        """Take hold of the device and say what it is; raises DeviceError if it cannot."""
        ...

    def start(self, at_ns: int) -> None:
        """Let frames come from the host time `at_ns` on."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yield every frame the device gives, in the order taken, until `stop`.

        Raises DeviceError if the device falls silent or is unplugged.
        """
        ...

    def stop(self) -> None:
        """End `frames`, from any thread; may be called twice."""
        ...

    def close(self) -> None:
        """Let go of the device; may be called twice."""
        ...


@runtime_checkable
class Shuttered(Protocol):
    """A driver whose camera has a shutter: while it is closed the picture stands still."""

    def set_shutter(self, *, automatic: bool) -> None:
        """Let the camera close it when it likes, or only when told; after `open`."""
        ...

    def close_shutter(self) -> None:
        """Close it once, now; from any thread, while frames are taken."""
        ...


@runtime_checkable
class Measured(Protocol):
    """A driver that tells more of its device than frames."""

    def readings(self) -> Mapping[str, float]:
        """Return what it measures now, by names with units such as `housing_celsius`."""
        ...


@runtime_checkable
class DriverType(Protocol):
    """What an entry point in the group `taver.drivers` names: usually the driver's class.

    `Config` can be made with nothing but `serial`, of a device that `discover` told of.
    """

    Config: ClassVar[type[msgspec.Struct]]

    def __call__(self, config: Any, clock: Clock) -> Driver:
        """Make the driver; nothing is opened yet."""
        ...

    def missing(self) -> str | None:
        """Return the install line of what this driver lacks here, or None if it can run."""
        ...

    def discover(self) -> Sequence[DeviceInfo]:
        """List the devices that are there now."""
        ...
