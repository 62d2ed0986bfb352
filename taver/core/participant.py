"""The people of a study: pseudonym, what a datasheet asks of them, every form they signed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

import msgspec

from taver.core import lock, names
from taver.core.consent import Consent
from taver.core.document import Document
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError
from taver.core.private import make_private_folder
from taver.core.storage import explained

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

_OLDEST_YEARS = 120


class Participant(Document, frozen=True, kw_only=True):
    """One person under a pseudonym; the last form in `consents` is in force."""

    FORMAT: ClassVar[str] = "taver-participant"
    VERSION: ClassVar[int] = 1

    name: str
    age_years: int | None = None
    gender: str | None = None
    language: str | None = None
    glasses: bool | None = None
    simulated: bool = False
    consents: tuple[Consent, ...] = ()

    @property
    def consent(self) -> Consent | None:
        """The form in force, if any was signed."""
        return self.consents[-1] if self.consents else None


class Participants:
    """The folder with one document a person."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Participant]:
        """Return everybody, by name."""
        return [self._read(name) for name in self.names()]

    def names(self) -> list[str]:
        """Return everybody's name, whether or not their document can be read."""
        with explained(self.folder):
            if not self.folder.is_dir():
                return []
            files = (p for p in self.folder.iterdir() if p.suffix == ".json")
            return sorted(p.stem for p in files if not p.name.startswith("."))

    def get(self, name: str) -> Participant:
        """Return the participant called `name`, or raise naming those there are."""
        names.checked(name, "participant")
        with explained(self.folder):
            is_there = self._path(name).is_file()
        if not is_there:
            known = ", ".join(self.names())
            raise NotFoundError(
                f"There is no participant {name!r}"
                + (f" (there are: {known})" if known else " (there are none yet)"),
                fix=f"taver participant add {name}",
            )
        return self._read(name)

    def add(self, person: Participant) -> Path:
        """Put a new participant on file; a name that is taken is refused."""
        names.checked(person.name, "participant")
        _check(person)
        with explained(self.folder):
            if not self.folder.is_dir():
                make_private_folder(self.folder)
        with lock.held(self.folder, "The list of participants"):
            names.refuse_taken(person.name, self.names(), "participant")
            person.write(self._path(person.name))
        return self._path(person.name)

    def sign(self, name: str, consent: Consent) -> Participant:
        """Put a newly signed form in force; the earlier ones stay on file."""
        with self._changing(name) as person:
            return self._replace(name, person, (*person.consents, consent))

    def withdraw(self, name: str, on: dt.date) -> Participant:
        """Note that the person withdrew on that day; from now on every stage leaves them out."""
        with self._changing(name) as person:
            if person.consent is None:
                raise ConsentError(
                    f"{name} has signed no form that could be withdrawn",
                    fix="nothing needs doing: without a form no stage uses this person's data",
                )
            if person.consent.withdrawn_on is not None:
                raise ConsentError(
                    f"{name} withdrew already, on {person.consent.withdrawn_on}",
                    fix="nothing needs doing",
                )
            ended = msgspec.structs.replace(person.consent, withdrawn_on=on)
            return self._replace(name, person, (*person.consents[:-1], ended))

    @contextlib.contextmanager
    def _changing(self, name: str) -> Iterator[Participant]:
        """Hold the list while a person's document is read and replaced."""
        self.get(name)  # a name that is not there is told before anything is locked
        with lock.held(self.folder, "The list of participants"):
            yield self.get(name)

    def _replace(
        self, name: str, person: Participant, consents: tuple[Consent, ...]
    ) -> Participant:
        changed = msgspec.structs.replace(person, consents=consents)
        _check(changed)
        changed.write(self._path(name))
        return changed

    def _read(self, name: str) -> Participant:
        """Read the document of `name`; a copy of somebody else's is nobody's."""
        path = self._path(name)
        person = Participant.read(path)
        if person.name.casefold() != name.casefold():
            raise DataError(
                f"{path} is on {person.name!r}, not on {name!r}",
                fix="give the file its own name back, or correct the name in it",
            )
        return person

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _check(person: Participant) -> None:
    if person.age_years is not None and not 0 < person.age_years <= _OLDEST_YEARS:
        raise InputError(f"An age of {person.age_years} years", fix="give the age in whole years")
    for consent in person.consents:
        if not consent.scopes:
            raise InputError(
                f"The form {consent.form!r} agrees to nothing",
                fix="name what it covers with --scope, for example --scope color,depth,thermal",
            )
        if consent.withdrawn_on is not None and consent.withdrawn_on < consent.signed_on:
            raise InputError(
                f"Withdrawn on {consent.withdrawn_on}, before signing on {consent.signed_on}",
                fix="correct the date",
            )
