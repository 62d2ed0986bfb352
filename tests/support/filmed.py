"""Sessions to make videos for annotators from: a simulated person, seen and heard."""

from __future__ import annotations

import time

import msgspec
import studies

from capture.drivers.sim import SimConfig, SimDriver
from capture.invented import invent
from capture.recorder import Plan, Source, record
from capture.sim.scenario import Cameras, Part, Person, Scenario
from taver.core.clock import NS_PER_S, VirtualClock
from taver.core.frames import Modality
from taver.core.session.manifest import Phase
from taver.core.study import Study


def study_of(folder, *, seconds=3.0, name="s01", sound=True, talking=((0.4, 2.6),)):
    """Return a study with a session of a person who talks: its first half relaxing, then asked."""
    study = Study.create(folder / studies.STRANGE_NAME, "filmed")
    add(study, name, seconds=seconds, sound=sound, talking=talking)
    return study


def add(study, name, *, seconds, sound=True, talking=()):
    """Record one more."""
    person = Person(identity=12, talking=list(talking))
    scenario = Scenario(
        seconds=seconds, seed=5, people=[person], parts=[Part(name="interview")],
        cameras=Cameras(kinect_hz=10.0),
    )  # fmt: skip
    who = "P01"
    invent(study, who)
    now_ns = time.monotonic_ns()
    sources = []
    for modality in (Modality.COLOR, *([Modality.SOUND] if sound else [])):
        clock = VirtualClock(now_ns)
        config = SimConfig(scenario=scenario, modalities=(modality,), serial=f"sim-{modality}")
        sources.append(Source(SimDriver(config, clock), clock))
    session = record(study, Plan(session=name, participant=who, seconds=seconds), sources)
    start = session.manifest.streams[Modality.COLOR].first_unix_ns
    middle = start + round(seconds / 2 * NS_PER_S)
    phases = (
        Phase(name="relaxing", start_unix_ns=start, end_unix_ns=middle),
        Phase(name="interview", start_unix_ns=middle),
    )
    session.save(msgspec.structs.replace(session.manifest, phases=phases))
    return session
