"""The story that `taver demo` tells: each step is skipped if an earlier run has done it."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from capture import contact_sheet
from capture.invented import invent
from capture.sim.scenario import interview
from capture.simulation import simulate
from taver.core import lock
from taver.core.errors import AlreadyThereError, DataError
from taver.core.session.check import problems
from taver.core.session.folder import find
from taver.core.study import FILE, Study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.participant import Participant
    from taver.core.progress import Progress
    from taver.core.session.folder import Session

NAME = "taver demo"
PERSON = "P01"
SESSION = "s01"
SECONDS = 10.0
SHEET = "contact-sheet.png"


def tell(folder: Path, progress: Progress) -> Iterator[str]:
    """Run every step in `folder`, and tell each when it is done."""
    study = _study(folder)
    yield f"study        {study.folder}"
    with lock.held(study.folder, f"The demo in {study.folder}"):
        person = _person(study)
        agreed = person.consent.in_words() if person.consent else "no consent"
        yield f"participant  {person.name}, simulated; {agreed}"
        began_s = time.monotonic()
        session, was_there = _session(study, progress)
        took = (
            "recorded by an earlier run" if was_there else f"in {time.monotonic() - began_s:.1f} s"
        )
        counts = ", ".join(f"{s.frames} {m}" for m, s in session.manifest.streams.items())
        yield f"recorded     {SESSION}: {counts} frames of a simulated interview, {took}"
        wrong = problems(session, progress)
        if wrong:
            raise DataError(
                f"The demo's session {SESSION} is damaged",
                fix=f"delete {session.folder} and run taver demo again",
                problems=wrong,
            )
        yield "verified     every record is as it was written"
        sheet = contact_sheet.write(study, session, study.folder / SHEET)
        yield f"picture      {sheet}"
    there = shlex.quote(str(folder))
    yield f"look around  cd {there} && taver status && taver session show {SESSION}"


def _study(folder: Path) -> Study:
    if not (folder / FILE).exists():
        return Study.create(folder, NAME)
    study = Study(folder)
    if study.name != NAME:
        raise AlreadyThereError(
            f"{study.folder} holds another study, {study.name!r}",
            fix="choose another folder with --out",
        )
    return study


def _person(study: Study) -> Participant:
    return invent(study, PERSON)


def _session(study: Study, progress: Progress) -> tuple[Session, bool]:
    """Return the demo's session, and whether it was there already."""
    if (study.sessions_folder / SESSION).exists():
        session = find(study, SESSION)
        if session.interrupted:
            raise DataError(
                f"An earlier demo was interrupted while it recorded {SESSION}",
                fix=f"delete {session.folder}, or keep what there is with: "
                f"cd {shlex.quote(str(study.folder))} && taver session recover {SESSION}",
            )
        return session, True
    scenario = interview(SECONDS)
    return simulate(study, scenario, SESSION, participant=PERSON, progress=progress), False
