"""Records a scenario: a session exactly as the recorder writes one, and its truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from capture.drivers.sim import KINECT, SimConfig, SimDriver
from capture.invented import invent
from capture.recorder import Plan, Source, record
from capture.recorder.room import free_bytes
from capture.sim import truth
from capture.sim.timing import Sensor
from capture.sim.world import World, require
from taver.core import lock
from taver.core.clock import NS_PER_S, VirtualClock, machine_ns
from taver.core.errors import DeviceError, InputError, StorageError
from taver.core.frames import Modality
from taver.core.session.folder import find, refuse_taken
from taver.core.session.manifest import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from capture.sim.scenario import Scenario
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study

ALL: Final = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
# What a stored frame takes at most, and a row of the truth; measured, and rounded up.
_FRAME_BYTES: Final = {
    Modality.COLOR: 600_000,
    Modality.DEPTH: 250_000,
    Modality.IR: 300_000,
    Modality.THERMAL: 250_000,
}
_ROW_BYTES: Final = 5_000
_TRUE_PICTURE_BYTES: Final = {Modality.DEPTH: 500_000, Modality.THERMAL: 700_000}


def simulate(
    study: Study,
    scenario: Scenario,
    session: str,
    *,
    participant: str | None = None,
    seconds: float | None = None,
    modalities: Sequence[Modality] = ALL,
    pictures: bool = False,
    progress: Progress | None = None,
) -> Session:
    """Record `scenario` as a new session of `study`, as fast as it can be drawn.

    `participant` is who the first person is in the study, if the scenario does not say; a name that
    is not on file is put there as a simulated person. `pictures` adds true depth and temperature
    to the truth; `seconds` is for a recording of another length than the scenario's.
    """
    require()
    length_s = scenario.seconds if seconds is None else seconds
    plan = Plan(session=session, participant=_who(scenario, participant), seconds=length_s)
    refuse_taken(
        study, session, fix="choose another name with --session; taver never overwrites one"
    )
    needed = needed_bytes(scenario, length_s, modalities, pictures=pictures)
    _refuse_full(study.sessions_folder, needed)
    if plan.participant is not None:
        invent(study, plan.participant)
    now_ns = machine_ns()
    try:
        made = record(study, plan, _sources(scenario, modalities, now_ns), progress)
    except DeviceError:  # a camera was unplugged: what was recorded until then has its truth, too
        if (study.sessions_folder / session).is_dir():
            _tell_truth(find(study, session), scenario, plan, now_ns, progress, pictures=pictures)
        raise
    _tell_truth(made, scenario, plan, now_ns, progress, pictures=pictures)
    return made


def _tell_truth(
    session: Session,
    scenario: Scenario,
    plan: Plan,
    start_ns: int,
    progress: Progress | None,
    *,
    pictures: bool,
) -> None:
    """Add to a recorded session what its scenario knows: the protocol's phases, and the truth."""
    with lock.held(session.folder, f"Session {session.name}"):
        phases = _phases(scenario, plan.seconds, session.manifest.epoch.to_unix_ns(start_ns))
        session.save(msgspec.structs.replace(session.manifest, phases=phases))
        truth.write(session, World(scenario), start_ns, pictures=pictures, progress=progress)


def needed_bytes(
    scenario: Scenario, seconds: float, modalities: Sequence[Modality], *, pictures: bool
) -> int:
    """Return an upper estimate of what the session and its truth take on the disk."""
    total = 0.0
    for modality in modalities:
        each = _FRAME_BYTES[modality] + _ROW_BYTES
        each += _TRUE_PICTURE_BYTES.get(modality, 0) if pictures else 0
        total += each * seconds * Sensor(scenario, modality).rate_hz
    return round(total)


def _who(scenario: Scenario, participant: str | None) -> str | None:
    if not scenario.people:
        if participant is not None:
            raise InputError(
                f"The scenario has no person who could be {participant}",
                fix="leave --participant out, or add [[people]] to the scenario",
            )
        return None
    return participant or scenario.people[0].participant


def _sources(scenario: Scenario, modalities: Sequence[Modality], now_ns: int) -> list[Source]:
    """Return the rig's devices: a Kinect and a thermal camera, each by its own clock."""
    kinect = tuple(m for m in modalities if m in KINECT)
    thermal = tuple(m for m in modalities if m is Modality.THERMAL)
    sources = []
    for serial, given in (("sim-kinect", kinect), ("sim-a65", thermal)):
        if given:
            clock = VirtualClock(now_ns)
            config = SimConfig(scenario=scenario, modalities=given, serial=serial)
            sources.append(Source(SimDriver(config, clock), clock))
    return sources


def _phases(scenario: Scenario, seconds: float, start_unix_ns: int) -> tuple[Phase, ...]:
    """Return the parts of the protocol that were recorded, the last one until the end."""
    parts = [part for part in scenario.parts if part.start_s < seconds]
    ends_s = [*(part.start_s for part in parts), seconds][1:]
    return tuple(
        Phase(
            name=part.name,
            start_unix_ns=start_unix_ns + round(part.start_s * NS_PER_S),
            end_unix_ns=start_unix_ns + round(end_s * NS_PER_S),
        )
        for part, end_s in zip(parts, ends_s, strict=False)
    )


def _refuse_full(folder: Path, needed: int) -> None:
    free = free_bytes(folder)
    if free < needed:
        raise StorageError(
            f"The session would take about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            fix="free space on that disk, point study.toml at a larger one, or simulate fewer "
            "seconds with --seconds",
        )
