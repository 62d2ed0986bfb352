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
    # Of other people and their sessions, where one of the words begins or ends them: P07-b.
    longer: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The pseudonym, and the sessions' names that are nobody else's."""
        return (self.name, *(s for s in self.sessions if s not in self.ambiguous))

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds any of the words, in letters of either case, where no letter or digit joins on.

        A longer name of somebody else is found as such: only the group `theirs` is the person's.
        """
        theirs, others = (
            "|".join(re.escape(word) for word in sorted(some, key=len, reverse=True))
            for some in (self.words, self.longer)
        )
        either = rf"(?:{others})|(?P<theirs>{theirs})" if others else rf"(?P<theirs>{theirs})"
        return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE)

    def found_in(self, text: str) -> re.Match[str] | None:
        """Return where a text first names the person or a session of theirs."""
        return next((m for m in self.pattern.finditer(text) if m["theirs"]), None)

    def named_in(self, text: object) -> bool:
        """Tell whether a text names the person or a session of theirs."""
        return isinstance(text, str) and self.found_in(text) is not None


def look_for(study: Study, name: str) -> Who:
    """Return who is called `name` in this study, whether or not they are still on file."""
    names.checked(name, "participant")
    theirs, unknown = [], []
    others: dict[Path, str] = {}
    for folder in folders(study):
        if is_emptied(folder):
            continue  # what a run that was killed left of a session
        whose = _whose(folder)
        if whose is None:
            unknown.append(folder.name)
        elif whose.casefold() == name.casefold():
            theirs.append(folder)
        else:
            others[folder] = whose
    if unknown:
        raise DataError(
            f"Nobody can tell whose sessions these are: {', '.join(unknown)}",
            fix="restore their session.json from a backup, or delete the folders, and run again",
        )
    sessions = tuple(folder.name for folder in theirs)
    certain = Who(name=name, sessions=sessions)
    known = {*study.participants.names(), *others.values(), *(folder.name for folder in others)}
    for store in datasets.of_study(study):
        known |= datasets.people_of(store)
    certain = msgspec.structs.replace(certain, longer=_longer(known, certain))
    said = [*_said_of_others(study, certain), *(_text(folder / MANIFEST) for folder in others)]
    ambiguous = tuple(
        session
        for session in sessions
        if any(Who(name=session, sessions=(), longer=certain.longer).named_in(text)
               for text in said)
    )  # fmt: skip
    return msgspec.structs.replace(certain, ambiguous=ambiguous)


def _longer(known: set[str], who: Who) -> tuple[str, ...]:
    """Return which of these names one of the person's words stands in, and is not."""
    own = {word.casefold() for word in who.words}
    return tuple(
        sorted(name for name in known if name.casefold() not in own and who.named_in(name))
    )


def is_emptied(folder: Path) -> bool:
    """Tell whether nothing but locks is left in a session's folder: it was being deleted."""
    with explained(folder):
        return all(path.name.startswith(".lock") for path in folder.iterdir())


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
