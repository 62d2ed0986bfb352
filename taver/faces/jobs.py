"""The faces of several sessions, each in a process of its own where there are several."""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.errors import InputError, TaverError
from taver.core.frames import Modality
from taver.core.pool import Pool, Teller
from taver.core.progress import Silent
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.faces.kit import Kit
    from taver.faces.options import Options
    from taver.faces.pipeline import Made

_MOST_JOBS: Final = 64
_TOLD_EVERY_S: Final = 0.2


class Outcome(NamedTuple):
    """What came of one session: it was made, or why not."""

    session: str
    made: Made | None
    error: TaverError | None = None


def run(
    study: Study,
    names: Sequence[str],
    options: Options,
    *,
    jobs: int = 1,
    again: bool = False,
    progress: Progress | None = None,
    pool: Pool | None = None,  # that has a place for each session; else one of so many jobs
) -> list[Outcome]:
    """Make the faces of these sessions; one that cannot be made does not stop the others."""
    names = list(dict.fromkeys(names))
    if not 1 <= jobs <= _MOST_JOBS:
        raise InputError(f"{jobs} jobs", fix=f"give 1 to {_MOST_JOBS}; as many as there are cores")
    for name in names:
        find(study, name)  # a name that is mistyped is told before hours of work
    told = progress or Silent()
    if pool is not None:
        return _side_by_side(study, names, options, pool, again, told)
    if jobs == 1 or len(names) == 1:
        return _one_by_one(study, names, options, again, told)
    with Pool(min(jobs, len(names)), len(names)) as own:
        return _side_by_side(study, names, options, own, again, told)


def _one_by_one(
    study: Study, names: Sequence[str], options: Options, again: bool, progress: Progress
) -> list[Outcome]:
    from taver.faces.kit import kit

    made = kit(options)
    return [_outcome(study, name, options, made, again, progress) for name in names]


def _side_by_side(
    study: Study,
    names: Sequence[str],
    options: Options,
    pool: Pool,
    again: bool,
    progress: Progress,
) -> list[Outcome]:
    progress.begin(f"faces of {len(names)} sessions", 2 * sum(_frames(study, n) for n in names))
    found: dict[str, Outcome] = {}
    told = pool.counted
    # The longest first, so that no process is left with it at the end.
    order = sorted(names, key=lambda name: -_frames(study, name))
    tasks: dict[Future[Outcome], str] = {}
    try:
        for place, name in enumerate(order):
            given = (study.folder, name, options, again, place)
            try:
                tasks[pool.submit(_in_process, *given)] = name
            except BrokenProcessPool:  # by now
                found[name] = _ended(name)
        waiting = set(tasks)
        while waiting:
            done, waiting = wait(waiting, _TOLD_EVERY_S, return_when=FIRST_COMPLETED)
            found |= {tasks[task]: _result(tasks[task], task) for task in done}
            new = pool.counted - told
            if new > 0:
                progress.advance(new)
                told += new
    except BaseException:
        pool.stop()  # each ends after the frame it is at; what is done is kept
        raise
    return [found[name] for name in names]


def _result(name: str, task: Future[Outcome]) -> Outcome:
    try:
        return task.result()
    except BrokenProcessPool:
        return _ended(name)


def _ended(name: str) -> Outcome:
    return Outcome(
        name,
        None,
        TaverError(
            f"A process was ended from outside while session {name} waited or was worked on",
            fix="run again: what is done is kept. If memory ran out, give fewer --jobs",
        ),
    )


def _outcome(
    study: Study, name: str, options: Options, kit: Kit, again: bool, progress: Progress
) -> Outcome:
    from taver.faces import pipeline

    try:
        return Outcome(
            name, pipeline.make(study, name, options, kit, again=again, progress=progress)
        )
    except TaverError as error:
        return Outcome(name, None, error)


_kits: dict[Options, Kit] = {}  # of a process: the last one, which all its sessions share


def forget() -> None:
    """Let go of the models that are kept for the next session."""
    _kits.clear()


def _in_process(folder: Path, name: str, options: Options, again: bool, place: int) -> Outcome:
    from taver.faces.kit import kit

    try:
        if options not in _kits:
            forget()
            _kits[options] = kit(options)
    except TaverError as error:
        return Outcome(name, None, error)
    return _outcome(Study(folder), name, options, _kits[options], again, Teller(place))


def _frames(study: Study, name: str) -> int:
    with contextlib.suppress(TaverError), Footage(find(study, name), Modality.COLOR) as color:
        return len(color)
    return 0
