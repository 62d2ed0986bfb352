"""Who records: devices of this machine, each in a process of its own, and agents elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from capture import registry
from capture.agent.choice import chosen
from capture.plan import USUAL_STREAMS
from taver.core.errors import ConfigError, DeviceError, TaverError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.study import Study

# These drive whatever they find; a driver made for a camera is preferred to them.
_MICROPHONE: Final = "microphone"
_GENERAL: Final = ("genicam", _MICROPHONE, "webcam")


class LocalDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device of this machine; the master starts an agent for it, and ends it."""

    driver: str
    config: dict[str, Any] = {}  # the driver's own Config, as plain values

    @property
    def name(self) -> str:
        """What its agent is called: the driver, and the serial number where one was given."""
        serial = self.config.get("serial", "")
        return f"{self.driver}:{serial}" if serial else self.driver


class RemoteAgent(msgspec.Struct, frozen=True, kw_only=True):
    """`taver agent` on another machine: whatever devices it was started with."""

    name: str
    address: str  # host:port
    keys: Path  # the folder that `taver agent keygen` made: master.key and <name>.pub


Crew = LocalDevice | RemoteAgent


def crews_for(
    study: Study, *, sim: bool, streams: Sequence[Modality] | None, seconds: float = 60.0
) -> list[Crew]:
    """Return who is to record: the simulated rig, what study.toml names, or all cameras found."""
    if sim:
        return _simulated(streams or USUAL_STREAMS, seconds)
    section = study.config.capture
    if not section.devices and not section.agents:
        return _attached(streams)
    wanted = [(choice.driver, choice.serial, choice.settings) for choice in section.devices]
    _refuse_same_names([agent.name for agent in section.agents])
    local = chosen(wanted) if wanted else ()
    return [
        *(LocalDevice(driver=device.driver, config=device.config) for device in local),
        *(
            RemoteAgent(name=agent.name, address=agent.address, keys=study.keys_folder)
            for agent in section.agents
        ),
    ]


def _simulated(streams: Sequence[Modality], seconds: float) -> list[Crew]:
    from capture.drivers.sim import KINECT
    from capture.sim.scenario import interview
    from capture.sim.world import require

    require()
    scenario = msgspec.to_builtins(interview(max(seconds, 1.0)))
    given = {
        "sim-kinect": [m for m in streams if m in KINECT],
        "sim-a65": [m for m in streams if m is Modality.THERMAL],
        "sim-microphone": [m for m in streams if m is Modality.SOUND],
    }
    return [
        LocalDevice(
            driver="sim", config={"serial": serial, "modalities": these, "scenario": scenario}
        )
        for serial, these in given.items()
        if these
    ]


def _attached(streams: Sequence[Modality] | None) -> list[Crew]:
    """Return every device that an installed driver finds, each once and each stream once."""
    found: list[Crew] = []
    serials: set[str] = set()
    delivered: set[Modality] = set()
    broken: list[str] = []
    names = sorted(registry.entries(), key=lambda name: (name in _GENERAL, name))
    if Modality.SOUND not in (streams or ()):
        # Even to look for one starts the system's sound.
        names = [name for name in names if name != _MICROPHONE]
    for name in names:
        try:
            driver = registry.load(name)
            devices = driver.discover() if driver.missing() is None else ()
        except TaverError as error:
            broken.append(error.what)
            continue
        for device in devices:
            new = {s.modality for s in device.streams if _asked_for(s.modality, streams)}
            known = device.serial in serials or (name in _GENERAL and new <= delivered)
            if known or (device.streams and not new):
                continue
            serials.add(device.serial)
            delivered |= new
            found.append(LocalDevice(driver=name, config={"serial": device.serial}))
    if not found:
        raise DeviceError(
            f"None of the installed drivers ({', '.join(names)}) finds a camera",
            fix="attach one, and see what is missing with: taver doctor; "
            "or record the simulated rig with --sim",
            problems=broken,
        )
    return found


def _asked_for(modality: Modality, streams: Sequence[Modality] | None) -> bool:
    """Whether a stream is wanted; sound only where it is named."""
    return modality is not Modality.SOUND if streams is None else modality in streams


def _refuse_same_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            f"study.toml names the agent {twice[0]!r} twice", fix="give each a name of its own"
        )
