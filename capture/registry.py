"""Drivers are found by entry point, ours like a stranger's."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from taver.core.errors import DeviceError, NotFoundError
from taver.core.frames import DriverType

GROUP = "taver.drivers"


def entries() -> dict[str, EntryPoint]:
    """Return every installed driver's entry point by its name, in order; nothing is imported."""
    return {e.name: e for e in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def load(name: str) -> DriverType:
    """Import and return the driver called `name`."""
    found = entries()
    if name not in found:
        raise NotFoundError(
            f"There is no driver {name!r} (installed: {', '.join(found) or 'none'})",
            fix="choose one of these, or install the package that brings it",
        )
    try:
        driver = found[name].load()
    except Exception as error:  # a stranger's module may do anything when it is imported
        raise DeviceError(
            f"The driver {name!r} cannot be imported: {error}",
            fix=f"reinstall the package that brings it ({found[name].value})",
        ) from error
    if not isinstance(driver, DriverType):
        raise DeviceError(
            f"{found[name].value} does not follow taver.core.frames.DriverType",
            fix="report it to whoever wrote that driver",
        )
    return driver
