"""Which of the A65's nodes are set, to what, and what it means if one cannot be."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol


class NodeMap(Protocol):
    """A camera's nodes, as every library can reach them: by name, as text."""

    def read(self, name: str) -> str | None:
        """Return a node's value, or None if the camera has no such node or does not tell."""
        ...

    def write(self, name: str, value: str) -> None:
        """Set a node; raises DeviceError if the camera has none or refuses."""
        ...

    def execute(self, name: str) -> None:
        """Let the camera do what a command node stands for; raises DeviceError if it cannot."""
        ...


class Wanted(NamedTuple):
    """One node, what it is set to, and what follows where it cannot be."""

    name: str
    values: tuple[str, ...]  # the first that the camera takes
    otherwise: str


# In this order: the depth of a pixel before its format, the linear mode before its steps.
WANTED: Final = (
    Wanted("CMOSBitDepth", ("bit14bit",), "counts may have fewer than 14 bits"),
    Wanted("PixelFormat", ("Mono14", "Mono16"), "pictures have another format"),
    Wanted("SensorGainMode", ("HighGainMode",), "steps of temperature are coarser"),
    Wanted("TemperatureLinearMode", ("On",), "counts are raw, not temperatures"),
    Wanted("TemperatureLinearResolution", ("High",), "one count is 0.4 K, not 0.04 K"),
    Wanted("NUCMode", ("Automatic",), "who closes the shutter is left as it was"),
    Wanted("AcquisitionMode", ("Continuous",), "the camera may stop by itself"),
)
SIXTEEN_BIT: Final = ("Mono14", "Mono16")  # little-endian, one pixel in two bytes

RATE: Final = ("AcquisitionFrameRate", "AcquisitionFrameRateAbs")
SYNC: Final = "SyncMode"
SHUTTER: Final = "NUCMode"
CLOSE_SHUTTER: Final = "NUCAction"
# A region of the sensor is set by its offsets first, so that the size fits.
WHOLE_SENSOR: Final = (
    ("OffsetX", ""),
    ("OffsetY", ""),
    ("Width", "WidthMax"),
    ("Height", "HeightMax"),
)
READINGS: Final = {
    "housing_celsius": ("DeviceTemperature", "HousingTemperature"),
    "sensor_celsius": ("SensorTemperature", "FPATemperature"),
}
IDENTITY: Final = {
    "vendor": ("DeviceVendorName",),
    "model": ("DeviceModelName",),
    "serial": ("DeviceSerialNumber", "DeviceID"),
    "firmware": ("DeviceFirmwareVersion", "DeviceVersion"),
}
