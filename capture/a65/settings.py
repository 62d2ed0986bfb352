"""Sets a camera's nodes for a recording, and says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capture.a65 import nodes as known
from taver.core.errors import DeviceError
from taver.core.frames import Modality, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from capture.a65.nodes import NodeMap

LINEAR_UNITS: Final = {"High": "0.04 K", "Low": "0.4 K"}
RAW_UNIT: Final = "raw"  # counts that are not a temperature
NATIVE_HZ: Final = 30.0  # of the A65; another model of it gives 9
# What an A65 delivers once it is set, as long as nobody has opened it to see.
EXPECTED: Final = StreamInfo(
    modality=Modality.THERMAL,
    width_px=640,
    height_px=512,
    rate_hz=NATIVE_HZ,
    unit=LINEAR_UNITS["High"],
)
_SLOWEST_HZ: Final = 9.9  # that fill the 10 Hz grid
_AS_GOOD: Final = 0.01  # of a frame rate, which a camera rounds to its own steps

# FLIR's cameras for visible light speak GigE Vision too, and have no temperatures.
_VISIBLE: Final = ("blackfly", "grasshopper", "flea", "oryx", "forge", "dragonfly", "chameleon")


class Settled(NamedTuple):
    """How the camera stands."""

    settings: dict[str, str]
    warnings: tuple[str, ...]
    unit: str  # of one count
    width_px: int
    height_px: int
    rate_hz: float


def settle(nodes: NodeMap, rate_hz: float, sync_mode: str) -> Settled:
    """Set everything that can be set; raises DeviceError if pictures have no 16-bit counts."""
    warnings: list[str] = []
    _show_whole_sensor(nodes, warnings)
    for wanted in known.WANTED:
        _set(nodes, wanted, warnings)
    if sync_mode:
        _set(nodes, known.Wanted(known.SYNC, (sync_mode,), "it runs by its own clock"), warnings)
    rate, about_rate = set_rate(nodes, rate_hz)
    warnings += about_rate
    _refuse_other_pixels(nodes)
    size = [_number(nodes, name) for name in ("Width", "Height")]
    unit = _unit(nodes)
    if unit == RAW_UNIT:
        warnings.append("the recording has raw counts: no temperature can be read from it")
    names = (*(wanted.name for wanted in known.WANTED), known.SYNC, *known.RATE)
    return Settled(
        settings={name: said for name in names if (said := nodes.read(name)) is not None},
        warnings=tuple(warnings),
        unit=unit,
        width_px=round(size[0]),
        height_px=round(size[1]),
        rate_hz=rate,
    )


def set_rate(nodes: NodeMap, wanted_hz: float) -> tuple[float, tuple[str, ...]]:
    """Set the frame rate where it can be set; return what it is, and what there is to say."""
    warnings = []
    name = next((name for name in known.RATE if nodes.read(name) is not None), None)
    if name is None:
        said = f"the camera does not tell its frame rate; {NATIVE_HZ:g} Hz is assumed"
        return NATIVE_HZ, (said,)
    if abs(_number(nodes, name) / wanted_hz - 1) > _AS_GOOD:
        try:
            nodes.write(name, f"{wanted_hz:g}")
        except DeviceError:
            is_now = _number(nodes, name)
            warnings.append(f"{name} stays {is_now:g} Hz, it cannot be {wanted_hz:g} Hz")
    rate_hz = _number(nodes, name)
    if rate_hz < _SLOWEST_HZ:
        warnings.append(
            f"the camera gives {rate_hz:g} frames a second: a grid of 10 Hz stays without a "
            "picture now and then"
        )
    return rate_hz, tuple(warnings)


def may_be_thermal(vendor: str, model: str) -> bool:
    """Tell whether a camera of the network can be a thermal one of FLIR's."""
    return "flir" in vendor.lower() and not any(family in model.lower() for family in _VISIBLE)


def let_shutter_be(nodes: NodeMap, *, automatic: bool) -> None:
    """Let the camera close its shutter when it likes, or only when told."""
    nodes.write(known.SHUTTER, "Automatic" if automatic else "Manual")


def readings(nodes: NodeMap) -> Mapping[str, float]:
    """Return the temperatures that the camera measures in itself."""
    told = {name: _first(nodes, names) for name, names in known.READINGS.items()}
    return {name: value for name, said in told.items() if (value := _float(said)) is not None}


def identity(nodes: NodeMap) -> dict[str, str]:
    """Return vendor, model, serial and firmware as the camera's nodes tell them."""
    return {name: _first(nodes, names) or "" for name, names in known.IDENTITY.items()}


def _show_whole_sensor(nodes: NodeMap, warnings: list[str]) -> None:
    for name, largest in known.WHOLE_SENSOR:
        is_now = nodes.read(name)
        wanted = nodes.read(largest) if largest else "0"
        if is_now is None or wanted is None or is_now == wanted:
            continue
        try:
            nodes.write(name, wanted)
        except DeviceError as error:
            warnings.append(f"{error.what}; the picture shows a part of the sensor")


def _set(nodes: NodeMap, wanted: known.Wanted, warnings: list[str]) -> None:
    if nodes.read(wanted.name) is None:
        warnings.append(f"{wanted.name}: the camera has no such node; {wanted.otherwise}")
        return
    for value in wanted.values:
        if nodes.read(wanted.name) == value or _takes(nodes, wanted.name, value):
            return
    is_now = nodes.read(wanted.name)
    warnings.append(
        f"{wanted.name} stays {is_now}, it cannot be {wanted.values[0]}; {wanted.otherwise}"
    )


def _takes(nodes: NodeMap, name: str, value: str) -> bool:
    """Set a node and look whether it is so now: a camera may say yes and do nothing."""
    try:
        nodes.write(name, value)
    except DeviceError:
        return False
    return nodes.read(name) == value


def _refuse_other_pixels(nodes: NodeMap) -> None:
    pixels = nodes.read("PixelFormat")
    if pixels not in known.SIXTEEN_BIT:
        raise DeviceError(
            f"The camera gives pixels of {pixels}, and none of {', '.join(known.SIXTEEN_BIT)}",
            fix="see that it is a thermal camera of 14 or 16 bit; if it is, switch it off and on",
        )


def _unit(nodes: NodeMap) -> str:
    if nodes.read("TemperatureLinearMode") != "On":
        return RAW_UNIT
    return LINEAR_UNITS.get(nodes.read("TemperatureLinearResolution") or "", RAW_UNIT)


def _first(nodes: NodeMap, names: Iterable[str]) -> str | None:
    return next((said for name in names if (said := nodes.read(name))), None)


def _number(nodes: NodeMap, name: str) -> float:
    value = _float(nodes.read(name))
    if value is None or value <= 0:
        raise DeviceError(
            f"The camera says {nodes.read(name)!r} for {name}",
            fix="switch it off and on, and see that its firmware is whole",
        )
    return value


def _float(said: str | None) -> float | None:
    try:
        return None if said is None else float(said)
    except ValueError:
        return None
