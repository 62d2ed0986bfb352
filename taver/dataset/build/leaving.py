"""What becomes of a session that cannot be used: left out and told of, or the build is refused.

A session that was asked for by name has to be in the dataset. So has one that is in it already:
leaving it out would shrink the dataset unseen, and divide people anew. Only whoever takes consent
back has to go.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from taver.core.errors import (
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
    TaverError,
    together,
)
from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taver.dataset.build.chosen import Chosen

# What is wrong with one session and not with the disk, another program, or how taver is installed.
OF_A_SESSION: Final = (ConsentError, DataError, InputError, NotFoundError)


class Leaving:
    """Leaves sessions out, as far as that is safe."""

    def __init__(self, before: Any | None, *, named: bool) -> None:
        self._before, self._named = before, named

    def out(
        self, wrong: Mapping[str, TaverError], people: Mapping[str, str | None], what: str
    ) -> list[str]:
        """Return what to say of the sessions with these errors; raise if one has to be there.

        `people` are those of all sessions there are: where nothing else is left of these, that is
        an error, too.
        """
        nothing = not people.keys() - wrong.keys()
        errors = [
            self._explained(error)
            for name, error in wrong.items()
            if nothing or self._must_stay(name, people[name], error)
        ]
        if errors:
            raise together(errors, what)
        return [told(name, error) for name, error in wrong.items()]

    def _must_stay(self, name: str, who: str | None, error: TaverError) -> bool:
        if self._named:
            return True
        # Outside the lab a dataset does not say of which session a recording is.
        is_there = not self._there.isdisjoint({(name, None), (None, who)})
        return is_there and not isinstance(error, ConsentError)

    def _explained(self, error: TaverError) -> TaverError:
        if self._named or not self._there:
            return error
        return type(error)(
            error.what,
            fix=f"{error.fix}; or take it out of the dataset by naming the others: --session NAME, "
            "or sessions in build.toml. What was built before is as it was",
            problems=error.problems,
        )

    @functools.cached_property
    def _there(self) -> set[tuple[str | None, str | None]]:
        """Of which session, or else of whom, the recordings are in the dataset that is there."""
        every = attributes_of(self._before).values()
        named = [(one.get("session"), one.get("participant")) for one in every]
        return {(None, who) if session is None else (session, None) for session, who in named}


def people_of(sessions: Sequence[Chosen]) -> dict[str, str | None]:
    """Return who is recorded in each session, by its name."""
    return {one.session.name: one.session.manifest.participant for one in sessions}


def attributes_of(before: Any | None) -> dict[str, dict[str, Any]]:
    """Return those of each recording in the dataset that is there."""
    if before is None:
        return {}
    try:
        return {name: dict(group.attrs) for name, group in before[schema.RECORDINGS].groups()}
    except (TaverError, LookupError, ValueError, OSError):
        return {}  # nobody can tell, and it is made anew


def told(name: str, error: TaverError) -> str:
    """Return what is said of a session that is left out: what is wrong, and what to do."""
    problems = (problem.removeprefix(f"{name}: ") for problem in error.problems)
    return f"{name}: left out, {'; '.join((error.what, *problems, error.fix))}"
