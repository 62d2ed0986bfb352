"""A short recording in real time: a process a camera, one grid, one report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.desk.unattended import unattended
from capture.desk.wish import wish
from capture.master.crews import crews_for
from capture.master.master import Master
from capture.report.make import make
from taver.cli.story.names import LIVE, PERSON, Told
from taver.cli.story.sessions import counts, earlier

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.study import Study


def captured(study: Study, seconds: float, progress: Progress) -> Told:
    """Record the simulated rig live, and tell what came of it."""
    session = earlier(study, LIVE)
    fresh = session is None
    if session is None:
        wanted = wish(study, session=LIVE, participant=PERSON, seconds=seconds, sim=True)
        crews = crews_for(study, sim=True, streams=wanted.plan.streams, seconds=seconds)
        session = unattended(Master(study, wanted.plan, crews), wanted, progress)
        make(study, session)
    told = f"{LIVE}: {counts(session)} frames, live, from two processes; see its report.html"
    return Told(told, fresh=fresh)
