"""Who is to be forgotten: the person's sessions, and the words by which they are found."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from taver.core import names
from taver.core.errors import DataError, TaverError
from taver.core.recording.reader import StreamReader
from taver.core.session.folder import MANIFEST, folders
from taver.core.session.manifest import Manifest
from taver.core.storage import explained
from taver.dataset.forget import datasets, ratings

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.study import Study


class Who(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A person, and every word that leads to them."""

    name: str
    sessions: tuple[str, ...]
    # Sessions that are called by a word which others use as well, such as "interview": where it
    # stands alone it says nothing of this person.
    ambiguous: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The pseudonym, and the sessions' names that are nobody else's."""
        return (self.name, *(s for s in self.sessions if s not in self.ambiguous))

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds any of the words, in letters of either case, where no letter or digit joins on."""
        every = "|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True))
        return re.compile(rf"(?<![A-Za-z0-9])(?:{every})(?![A-Za-z0-9])", re.IGNORECASE)

    def named_in(self, text: object) -> bool:
        """Tell whether a text names the person or a session of theirs."""
        return isinstance(text, str) and self.pattern.search(text) is not None


def look_for(study: Study, name: str) -> Who:
    """Return who is called `name` in this study, whether or not they are still on file."""
    names.checked(name, "participant")
    theirs, others, unknown = [], [], []
    for folder in folders(study):
        whose = _whose(folder)
        if whose is None:
            unknown.append(folder.name)
        elif whose.casefold() == name.casefold():
            theirs.append(folder)
        else:
            others.append(folder)
    if unknown:
        raise DataError(
            f"Nobody can tell whose sessions these are: {', '.join(unknown)}",
            fix="restore their session.json from a backup, or delete the folders, and run again",
        )
    sessions = tuple(folder.name for folder in theirs)
    certain = Who(name=name, sessions=sessions)
    said = [*_said_of_others(study, certain), *(_text(folder / MANIFEST) for folder in others)]
    ambiguous = tuple(
        session
        for session in sessions
        if any(Who(name=session, sessions=()).named_in(text) for text in said)
    )
    return Who(name=name, sessions=sessions, ambiguous=ambiguous)


def _said_of_others(study: Study, who: Who) -> list[str]:
    """Return what stands in documents, datasets and annotations of everybody else."""
    said = [
        _text(study.participants.folder / f"{person}.json")
        for person in study.participants.names()
        if person.casefold() != who.name.casefold()
    ]
    for store in datasets.of_study(study):
        said += datasets.recordings_of_others(store, who)
    with ratings.opened(study) as database:
        if database is not None:
            said += ratings.clips_of_others(database, who)
    return said


def _whose(folder: Path) -> str | None:
    """Return the participant of a session, "" for nobody; None where nothing can be read."""
    try:
        return Manifest.read(folder / MANIFEST).participant or ""
    except TaverError:
        pass  # a damaged document: its recordings say it, too
    for path in sorted(folder.glob("*.mcap")):
        try:
            with StreamReader(path) as reader:
                return reader.header.participant or ""
        except TaverError:
            continue
    return None


def _text(path: Path) -> str:
    with explained(path):
        return path.read_text("utf-8", "replace") if path.is_file() else ""
