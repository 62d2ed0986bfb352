"""Which devices are meant: a driver, a family of drivers, or one serial number of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from capture import registry
from capture.agent.launch import DeviceLaunch
from taver.core.errors import (
    DeviceError,
    InputError,
    MissingExtraError,
    NotFoundError,
    TaverError,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taver.core.frames import DeviceInfo, DriverType


def choose(texts: Sequence[str]) -> tuple[DeviceLaunch, ...]:
    """Return the devices named like `a65`, `kinect2_linux` or `webcam:0`; tells every problem."""
    return chosen([(*_parted(text), {}) for text in texts])


def chosen(wanted: Sequence[tuple[str, str, Mapping[str, Any]]]) -> tuple[DeviceLaunch, ...]:
    """Return the devices for (driver or family, serial or "", settings); tells every problem."""
    found: list[DeviceLaunch] = []
    errors: list[TaverError] = []
    for name, serial, settings in wanted:
        try:
            found.append(_device(name, serial, settings))
        except TaverError as error:
            errors.append(error)
    seen: set[tuple[str, str]] = set()
    for device in found:
        one = (device.driver, str(device.config.get("serial", "")))
        if one in seen:
            errors.append(
                InputError(
                    f"The device {':'.join(filter(None, one))} is named twice",
                    fix="name each once; of two of one kind give the serial numbers, as in "
                    f"{device.driver}:SERIAL",
                )
            )
        seen.add(one)
    if errors:
        raise together(errors, "devices cannot be used")
    return tuple(found)


def config_of(driver: DriverType, launch: DeviceLaunch) -> Any:
    """Return the driver's own Config, or say what in it is wrong."""
    try:
        return msgspec.convert(launch.config, driver.Config)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        if isinstance(error, TaverError):
            raise
        known = ", ".join(field.name for field in msgspec.structs.fields(driver.Config))
        raise InputError(
            f"The driver {launch.driver!r} cannot be set so: {error}",
            fix=f"its settings are: {known}",
        ) from None


def _parted(text: str) -> tuple[str, str]:
    name, _, serial = text.strip().partition(":")
    return name, serial


def _device(name: str, serial: str, settings: Mapping[str, Any]) -> DeviceLaunch:
    drivers = _drivers(name)
    ready, missing = _ready(drivers)
    if not ready:
        raise MissingExtraError(
            f"No driver for {name!r} can run here",
            fix="; ".join(missing.values()),
            problems=[f"{driver}: {line}" for driver, line in missing.items()],
        )
    serial = serial or str(settings.get("serial", ""))
    rest = {key: value for key, value in settings.items() if key != "serial"}
    if serial:
        driver = _with_serial(ready, serial)
        launch = DeviceLaunch(driver=driver, config={**rest, "serial": serial})
    else:
        launch = _only_one(name, ready, rest)
    try:
        config_of(ready[launch.driver], launch)
    except InputError:
        if "serial" in launch.config or rest:
            raise
        raise DeviceError(
            f"No device of {name!r} is there",
            fix="attach it, and see what is found with: taver devices",
        ) from None
    return launch


def _drivers(name: str) -> list[str]:
    """Return the drivers that are called so, or belong to the family that is."""
    names = list(registry.entries())
    if name in names:
        return [name]
    family = [other for other in names if other.startswith(f"{name}_")]
    if not family or not name:
        families = sorted({other.partition("_")[0] for other in names})
        raise NotFoundError(
            f"There is no device {name!r} (known: {', '.join(families) or 'none'})",
            fix="name one of these, or a driver in full: taver devices lists them",
        )
    return family


def _ready(names: Sequence[str]) -> tuple[dict[str, DriverType], dict[str, str]]:
    """Return the drivers that can run here, and what the others lack."""
    ready: dict[str, DriverType] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            driver = registry.load(name)
            line = driver.missing()
        except TaverError as error:
            missing[name] = error.fix
            continue
        if line is None:
            ready[name] = driver
        else:
            missing[name] = line
    return ready, missing


def _with_serial(ready: Mapping[str, DriverType], serial: str) -> str:
    """Return the driver that sees the device; of several that cannot tell, the first."""
    if len(ready) > 1:
        for name, driver in ready.items():
            if any(device.serial == serial for device in driver.discover()):
                return name
    return next(iter(ready))


def _only_one(
    name: str, ready: Mapping[str, DriverType], settings: Mapping[str, Any]
) -> DeviceLaunch:
    """Return the one device there is; without any, the driver will say so when it is opened."""
    seen: list[tuple[str, DeviceInfo]] = []
    for driver_name, driver in ready.items():
        devices = driver.discover()
        if devices:
            seen = [(driver_name, device) for device in devices]
            break
    if len({device.serial for _, device in seen}) > 1:
        listed = ", ".join(f"{driver}:{device.serial}" for driver, device in seen)
        raise DeviceError(
            f"There are {len(seen)} devices of {name!r}: {listed}", fix="name the one you mean so"
        )
    if not seen:
        return DeviceLaunch(driver=next(iter(ready)), config=dict(settings))
    driver_name, device = seen[0]
    return DeviceLaunch(driver=driver_name, config={**settings, "serial": device.serial})
