"""The faces of several sessions, each in a process of its own where there are several."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core import worker
from taver.core.errors import InputError, TaverError
from taver.core.frames import Modality
from taver.core.progress import Silent
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.faces.kit import Kit
    from taver.faces.options import Options
    from taver.faces.pipeline import Made

_MOST_JOBS: Final = 64
_TOLD_EVERY: Final = 10  # frames; a message for each would cost more than the frame


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
) -> list[Outcome]:
    """Make the faces of these sessions; one that cannot be made does not stop the others."""
    names = list(dict.fromkeys(names))
    if not 1 <= jobs <= _MOST_JOBS:
        raise InputError(f"{jobs} jobs", fix=f"give 1 to {_MOST_JOBS}; as many as there are cores")
    for name in names:
        find(study, name)  # a name that is mistyped is told before hours of work
    told = progress or Silent()
    if jobs == 1 or len(names) == 1:
        return _one_by_one(study, names, options, again, told)
    return _side_by_side(study, names, options, min(jobs, len(names)), again, told)


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
    jobs: int,
    again: bool,
    progress: Progress,
) -> list[Outcome]:
    context = multiprocessing.get_context("spawn")
    steps, stop = context.SimpleQueue(), context.Event()
    progress.begin(f"faces of {len(names)} sessions", 2 * sum(_frames(study, n) for n in names))
    listener = threading.Thread(target=_listen, args=(steps, progress), daemon=True)
    listener.start()
    found: dict[str, Outcome] = {}
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin, initargs=(study.folder, options, steps, stop)
    ) as pool:
        # The longest first, so that no process is left with it at the end.
        order = sorted(names, key=lambda name: -_frames(study, name))
        tasks = {pool.submit(_in_process, name, again): name for name in order}
        try:
            for task in as_completed(tasks):
                found[tasks[task]] = _result(tasks[task], task)
        except BaseException:
            stop.set()  # each ends after the frame it is at; what is done is kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    steps.put(None)
    listener.join()
    return [found[name] for name in names]


def _result(name: str, task: Any) -> Outcome:
    try:
        outcome: Outcome = task.result()
    except BrokenProcessPool:
        return Outcome(
            name,
            None,
            TaverError(
                f"A process was ended from outside while session {name} waited or was worked on",
                fix="run again: what is done is kept. If memory ran out, give fewer --jobs",
            ),
        )
    return outcome


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


_here: dict[str, Any] = {}  # of a process: what all its sessions share


def _begin(folder: Path, options: Options, steps: Any, stop: Any) -> None:
    """Get a process ready."""
    from taver.faces.kit import kit

    worker.begin()
    _here.update(study=Study(folder), options=options, steps=steps, stop=stop)
    try:
        _here["kit"] = kit(options)
    except TaverError as error:
        _here["error"] = error


def _in_process(name: str, again: bool) -> Outcome:
    if "error" in _here:
        return Outcome(name, None, _here["error"])
    teller = _Teller(_here["steps"], _here["stop"])
    outcome = _outcome(_here["study"], name, _here["options"], _here["kit"], again, teller)
    teller.flush()
    return outcome


class _Teller:
    """Tells another process of progress, now and then, and hears from it when to stop."""

    def __init__(self, steps: Any, stop: Any) -> None:
        self._steps, self._stop = steps, stop
        self._waiting = 0

    def begin(self, title: str, total: int) -> None:
        """Say nothing: the other process counts all sessions together."""

    def advance(self, steps: int = 1) -> None:
        """Count, and tell once it is worth a message."""
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._waiting += steps
        if self._waiting >= _TOLD_EVERY:
            self.flush()

    def flush(self) -> None:
        """Tell what was counted."""
        if self._waiting:
            self._steps.put(self._waiting)
            self._waiting = 0


def _listen(steps: Any, progress: Progress) -> None:
    while (count := steps.get()) is not None:
        progress.advance(count)


def _frames(study: Study, name: str) -> int:
    with contextlib.suppress(TaverError), Footage(find(study, name), Modality.COLOR) as color:
        return len(color)
    return 0
