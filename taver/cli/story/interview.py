"""A simulated interview, recorded as fast as it can be drawn, and read back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from capture.sim.scenario import interview
from capture.simulation import simulate
from taver.cli.story.names import INTERVIEW, PERSON
from taver.cli.story.sessions import counts, earlier
from taver.core.errors import DataError
from taver.core.session.check import problems

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study


def recorded(study: Study, seconds: float, progress: Progress) -> tuple[Session, str]:
    """Return the demo's interview, and what to tell of it."""
    began_s = time.monotonic()
    session, took = earlier(study, INTERVIEW), "recorded by an earlier run"
    if session is None:
        scenario = interview(seconds)
        session = simulate(study, scenario, INTERVIEW, participant=PERSON, progress=progress)
        took = f"in {time.monotonic() - began_s:.1f} s"
    return session, f"{INTERVIEW}: {counts(session)} frames of a simulated interview, {took}"


def verify(session: Session, progress: Progress) -> None:
    """Read every record of the session; raises if one is not as it was written."""
    wrong = problems(session, progress)
    if wrong:
        raise DataError(
            f"The demo's session {session.name} is damaged",
            fix=f"delete {session.folder} and run taver demo again",
            problems=wrong,
        )
