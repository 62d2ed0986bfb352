"""The story from top to bottom: each step is skipped if an earlier run has done it."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Final

import msgspec

from capture import contact_sheet
from taver.cli.story import annotation, board, face, interviews, learning, live, page, room
from taver.cli.story.diary import Diary, Step, cpu_s
from taver.cli.story.names import INTERVIEW, MODELS, SHEET, STUDY, WHOLE, Told
from taver.core import lock
from taver.core.errors import AlreadyThereError
from taver.core.session.folder import find
from taver.core.shell import quoted
from taver.core.study import FILE, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from taver.cli.story.names import Size
    from taver.core.progress import Progress


HANG: Final = 13  # columns: what came of a step stands behind its name
TO_COPY: Final = ("study", "page", "look around", " ")  # how lines begin that are not broken


def tell(folder: Path, progress: Progress, size: Size = WHOLE) -> Iterator[str]:
    """Run every step in `folder`, and tell each when it is done."""
    study = _study(folder)
    yield f"study        {study.folder}"
    with lock.held(study.folder, f"The demo in {study.folder}"):
        diary = _begun(study, size)
        room.check(study, size)
        for name, step in _steps(study, size, progress):
            began_s, used_s = time.monotonic(), cpu_s()
            told = step()
            progress.begin("", 0)  # the bar of what is over ends above the line that tells of it
            noted = Step(
                name=name,
                told=told.text,
                seconds=time.monotonic() - began_s,
                cpu_s=None if used_s is None else (cpu_s() or used_s) - used_s,
            )
            diary = diary.noted(study.folder, noted, fresh=told.fresh)
            yield f"{name:<12} {told.text}{'' if told.fresh else ' (by an earlier run)'}"
        found = [learning.judged(study, model, progress) for model in MODELS]
        progress.begin("", 0)
        for one in found:
            yield f"judged       {learning.told_of(one)}"
        yield f"page         {page.write(study, size, diary, found)}"
    yield f"look around  cd {quoted(folder)}"
    for line in ("taver status", f"taver session show {INTERVIEW}"):
        yield f"{'':<12} {line}"


def _begun(study: Study, size: Size) -> Diary:
    """Return what was noted so far; a demo of another size is not gone on with."""
    diary = Diary.of(study.folder)
    if diary.people not in (None, size.people):
        raise AlreadyThereError(
            f"The demo in {study.folder} was begun with {diary.people} people, not {size.people}",
            fix="go on as it was begun (with or without --quick), or choose another --out",
        )
    return msgspec.structs.replace(diary, people=size.people)


def _steps(
    study: Study, size: Size, progress: Progress
) -> Iterator[tuple[str, Callable[[], Told]]]:
    yield "calibrated", lambda: board.calibrated(study, size, progress)
    yield "recorded", lambda: interviews.recorded(study, size, progress)
    yield "verified", lambda: interviews.verified(study, size, progress)
    yield "picture", lambda: _sheet(study)
    yield "faces", lambda: face.followed(study, size, progress)
    yield "captured", lambda: live.captured(study, size.live_s, progress)
    yield "annotated", lambda: annotation.annotated(study, size, progress)
    yield "labelled", lambda: annotation.labelled(study, size, progress)
    yield "built", lambda: learning.built(study, size, progress)
    yield "documented", lambda: learning.documented(study, progress)
    for model in MODELS:
        yield f"{model} learnt", functools.partial(learning.trained, study, size, model, progress)


def _sheet(study: Study) -> Told:
    path = study.folder / SHEET
    there = path.is_file()
    if not there:
        contact_sheet.write(study, find(study, INTERVIEW), path)
    return Told(f"{SHEET}: six moments of {INTERVIEW}", fresh=not there)


def _study(folder: Path) -> Study:
    if not (folder / FILE).exists():
        return Study.create(folder, STUDY)
    study = Study(folder)
    if study.name != STUDY:
        raise AlreadyThereError(
            f"{study.folder} holds another study, {study.name!r}",
            fix="choose another folder with --out",
        )
    return study
