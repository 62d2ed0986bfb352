"""What a sensor gives: modalities, frames with their stamps, and the protocol of drivers."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from taver.core.clock import Clock

    # Colour as (height, width, 3) RGB, all others as (height, width).
    Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


class Modality(enum.StrEnum):
    """One kind of picture; the value names its stream, its file and its consent."""

    COLOR = "color"
    DEPTH = "depth"
    IR = "ir"
    THERMAL = "thermal"


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
    """What one stream of a device delivers."""

    modality: Modality
    width_px: int
    height_px: int
    rate_hz: float
    unit: str  # of one count: "rgb8", "mm", "ir", "0.04 K"


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which device it is, and what it delivers."""

    driver: str
    model: str
    serial: str
    streams: tuple[StreamInfo, ...]
    simulated: bool
    firmware: str = ""
    address: str = ""


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
