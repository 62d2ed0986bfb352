"""The story from top to bottom: each step is skipped if an earlier run has done it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from capture import contact_sheet
from capture.invented import invent
from taver.cli.story import board, face, interview, live
from taver.cli.story.names import INTERVIEW, PERSON, SHEET, STUDY, WHOLE
from taver.core import lock
from taver.core.errors import AlreadyThereError
from taver.core.study import FILE, Study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.cli.story.names import Size
    from taver.core.progress import Progress


def tell(folder: Path, progress: Progress, size: Size = WHOLE) -> Iterator[str]:
    """Run every step in `folder`, and tell each when it is done."""
    study = _study(folder)
    yield f"study        {study.folder}"
    with lock.held(study.folder, f"The demo in {study.folder}"):
        person = invent(study, PERSON)
        agreed = person.consent.in_words() if person.consent else "no consent"
        yield f"participant  {person.name}, simulated; {agreed}"
        yield f"calibrated   {board.calibrated(study, size, progress)}"
        session, told = interview.recorded(study, size.interview_s, progress)
        yield f"recorded     {told}"
        interview.verify(session, progress)
        yield "verified     every record is as it was written"
        sheet = contact_sheet.write(study, session, study.folder / SHEET)
        yield f"picture      {sheet}"
        yield f"faces        {face.followed(study, progress)}"
        yield f"captured     {live.captured(study, size.live_s, progress)}"
    there = shlex.quote(str(folder))
    yield f"look around  cd {there} && taver status && taver session show {INTERVIEW}"


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
