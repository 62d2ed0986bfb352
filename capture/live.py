"""Where a live recording takes its frames from: the cameras attached, or the simulated rig."""

from __future__ import annotations

from capture import registry
from capture.drivers.sim import SimConfig, SimDriver
from capture.recorder import Source
from capture.sim.scenario import interview
from capture.sim.world import require
from taver.core.clock import HostClock
from taver.core.errors import DeviceError, TaverError
from taver.core.frames import Modality


def attached() -> list[Source]:
    """Return every device that an installed driver finds; raises DeviceError if there is none."""
    clock = HostClock()
    found: list[Source] = []
    broken: list[str] = []
    for name in registry.entries():
        try:
            driver = registry.load(name)
            found += [
                Source(driver(driver.Config(serial=device.serial), clock), clock)
                for device in driver.discover()
            ]
        except TaverError as error:
            broken.append(error.what)
    if not found:
        raise DeviceError(
            f"None of the installed drivers ({', '.join(registry.entries())}) finds a camera",
            fix="attach one, and see what is missing with: taver doctor; "
            "or record the simulated rig with --sim",
            problems=broken,
        )
    return found


def simulated(seconds: float) -> list[Source]:
    """Return the simulated Kinect and thermal camera, in real time, before an interview."""
    require()
    clock = HostClock()
    scenario = interview(max(seconds, 1.0))
    given = {
        "sim-kinect": (Modality.COLOR, Modality.DEPTH),
        "sim-a65": (Modality.THERMAL,),
    }
    return [
        Source(
            SimDriver(SimConfig(scenario=scenario, modalities=these, serial=serial), clock), clock
        )
        for serial, these in given.items()
    ]
