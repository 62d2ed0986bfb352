"""Studies, people and small recordings, made the way people make them."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING, NamedTuple

from capture.drivers.pattern import PatternConfig, PatternDriver
from capture.recorder import Plan, Source, record
from taver.core.clock import VirtualClock
from taver.core.consent import Audience, Consent, Scope
from taver.core.frames import Modality
from taver.core.participant import Participant
from taver.core.study import Study

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.session.folder import Session

# Folders of real people: spaces, letters of other languages, a quote.
STRANGE_NAME = "Müller's étude 얼굴 №1"
START_NS = 5_000_000_000


class Recorded(NamedTuple):
    """A study with one session in it."""

    study: Study
    session: Session


class Done(NamedTuple):
    """What came of a command line."""

    code: int
    out: str
    err: str


def form(*, scopes=tuple(Scope), audience=Audience.LAB, pictures=True, **more):
    """Return a signed form; by default it agrees to everything, for the lab."""
    return Consent(
        form="v1",
        signed_on=dt.date(2026, 3, 31),
        scopes=dict.fromkeys(scopes, audience),
        pictures=pictures,
        **more,
    )


def add_person(study, name="P01", *consents):
    """Put a person on file who signed `consents`; by default one that agrees to everything."""
    study.participants.add(Participant(name=name, consents=consents or (form(),)))


def make_study(folder: Path) -> Study:
    """Make a study with one person who agreed to everything."""
    study = Study.create(folder, "a study")
    add_person(study)
    return study


def copied(study, folder):
    """Return a copy that may be changed."""
    where = folder / STRANGE_NAME
    shutil.copytree(study.folder, where)
    return Study(where)


def pattern(modalities=(Modality.COLOR, Modality.DEPTH, Modality.THERMAL), **config):
    """Return a test pattern that runs as fast as it can be drawn."""
    clock = VirtualClock(START_NS)
    small = {"scale": 0.1, **config}
    return Source(PatternDriver(PatternConfig(modalities=modalities, **small), clock), clock)


def record_pattern(
    study, name="s01", *sources, participant="P01", seconds=1.0, progress=None
) -> Session:
    """Record a small session; by default ten frames of each modality from one device."""
    plan = Plan(session=name, participant=participant, seconds=seconds)
    return record(study, plan, sources or [pattern()], progress)
