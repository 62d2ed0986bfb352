"""An error on one machine told as one on the other, with its class, its fix and every problem."""

from __future__ import annotations

from capture.wire.messages import Refused
from taver.core import errors
from taver.core.errors import TaverError

_LONGEST = 4_000


def refusal(error: TaverError) -> Refused:
    """Return what to send of an error."""
    return Refused(
        what=error.what[:_LONGEST],
        fix=error.fix[:_LONGEST],
        problems=tuple(problem[:_LONGEST] for problem in error.problems),
        kind=type(error).__name__,
    )


def unexpected(error: Exception) -> Refused:
    """Return what to send of an error that nobody foresaw."""
    return Refused(
        what=f"{type(error).__name__}: {error}"[:_LONGEST],
        fix="run the agent with --debug to see where, and report it",
    )


def error_of(told: Refused, who: str) -> TaverError:
    """Return the error that was told, with the name of the machine it happened on."""
    kind = getattr(errors, told.kind, TaverError)
    if not (isinstance(kind, type) and issubclass(kind, TaverError)):
        kind = TaverError
    what = f"{who}: {told.what}" if who else told.what
    return kind(what, fix=told.fix, problems=told.problems)
