"""A command over several sessions: which are meant, and what is told if some could not be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.errors import InputError, TaverError
from taver.core.session.folder import folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.study import Study


def names(study: Study, given: Sequence[str], *, every: bool) -> list[str]:
    """Return the sessions that --session and --all mean; exactly one of them has to be given."""
    if bool(given) == every:
        raise InputError(
            "Which sessions is not said" if not every else "Both --session and --all were given",
            fix="give --session NAME, once or more, or --all",
        )
    return [folder.name for folder in folders(study)] if every else list(given)


def raise_failed(failed: Sequence[tuple[str, TaverError]], of: int) -> None:
    """Raise what kept the one session from being done, or tell of all that could not be."""
    if not failed:
        return
    _, first = failed[0]
    if of == 1:
        raise first
    raise TaverError(
        f"{len(failed)} of {of} sessions could not be done",
        fix=first.fix,
        problems=[f"{name}: {error}" for name, error in failed],
    )
