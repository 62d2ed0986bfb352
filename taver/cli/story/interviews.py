"""Simulated interviews of several people, drawn side by side, and read back."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.invented import invent
from capture.report import make as report
from capture.sim.scenario import Part, Person, Scenario, Walk
from capture.sim.truth_schema import FILE as TRUTH
from capture.simulation import simulate
from taver.cli.story.names import IDENTITIES, Told, interviews, people
from taver.cli.story.sessions import drop, earlier
from taver.core.errors import DataError
from taver.core.session.check import problems
from taver.core.session.folder import find
from taver.core.study import Study

if TYPE_CHECKING:
    from taver.cli.story.names import Size
    from taver.core.progress import Progress

_SEED: Final = 200
_MOVED: Final = 0.9  # of 1
_MOOD_S: Final = 3.0  # from one mood to the next
_SIDE_BY_SIDE = 2  # each takes about 1 GB, most of it the mesh and its library


def recorded(study: Study, size: Size, progress: Progress) -> Told:
    """Record everybody who was not recorded by an earlier run."""
    for name in people(size):
        invent(study, name)
    names = interviews(size)
    missing = [place for place, name in enumerate(names) if not _is_whole(study, name)]
    _draw(study, size, missing, progress)
    frames = sum(s.frames for n in names for s in find(study, n).manifest.streams.values())
    told = f"{len(names)} simulated interviews of {size.interview_s:g} s, {frames} frames"
    return Told(told, fresh=bool(missing))


def verified(study: Study, size: Size, progress: Progress) -> Told:
    """Read every record of every interview, and write its report; raises if one is torn."""
    fresh = False
    for name in interviews(size):
        session = find(study, name)
        wrong = problems(session, progress)
        if wrong:
            raise DataError(
                f"The demo's session {name} is damaged",
                fix=f"delete {session.folder} and run taver demo again",
                problems=wrong,
            )
        if not (session.folder / report.PAGE).is_file():
            report.make(study, session, progress)
            fresh = True
    return Told("every record is as it was written; see report.html of each", fresh=fresh)


def _is_whole(study: Study, name: str) -> bool:
    """Tell whether an interview is there with its truth; one without is deleted."""
    session = earlier(study, name)
    if session is None or (session.folder / TRUTH).is_dir():
        return session is not None
    if not session.manifest.simulated:
        raise DataError(
            f"Session {name} of the demo's study is of a real person",
            fix="choose another folder with --out; this one stays as it is",
        )
    drop(session)
    return False


def _draw(study: Study, size: Size, missing: list[int], progress: Progress) -> None:
    if not missing:
        return
    progress.begin("simulated interviews", len(missing))
    jobs = min(_SIDE_BY_SIDE, len(missing), os.cpu_count() or 1)
    with ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_ctrl_c
    ) as pool:
        drawn = [pool.submit(_record, str(study.folder), size, place) for place in missing]
        try:
            for done in as_completed(drawn):
                done.result()
                progress.advance()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _leave_ctrl_c() -> None:
    """Let Ctrl-C end the demo alone: a session that is being drawn is finished first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _record(folder: str, size: Size, place: int) -> None:
    """Record one person; runs in a process of its own."""
    simulate(
        Study(Path(folder)),
        scenario(size, place),
        interviews(size)[place],
        participant=people(size)[place],
    )


def scenario(size: Size, place: int) -> Scenario:
    """Return what happens: settled by the place alone, long before anything is learnt from it."""
    person = Person(
        identity=IDENTITIES[place],
        valence=_moved(size, place),
        arousal=Walk(mean=0.0, spread=0.55, time_constant_s=6.0),
    )
    return Scenario(
        seconds=size.interview_s,
        seed=_SEED + place,
        people=(person,),
        parts=(Part(name="interview"),),
    )


def _moved(size: Size, place: int) -> list[tuple[float, float]]:
    """Return a person's valence: moved as far as anybody else, in an order of their own.

    By chance alone one would be glad and another sad throughout so short an interview, and a model
    would learn who is who.
    """
    count = max(2, round(size.interview_s / _MOOD_S))
    each_s = size.interview_s / count
    felt = np.linspace(-_MOVED, _MOVED, count)
    np.random.default_rng([_SEED, place]).shuffle(felt)
    return [((number + 0.5) * each_s, float(value)) for number, value in enumerate(felt)]
