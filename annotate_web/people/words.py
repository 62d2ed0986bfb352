"""Free words that tell of one person: taken out when they are erased; what was done stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import Kind, assignments, audit, events, sittings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

GONE: Final = "(erased)"
# What people typed of an assignment, or how they called the file that it came from.
_TYPED: Final = ("reason", "file")
_AT_ONCE: Final = 500  # what SQLite takes in one question is bounded


class Erased(NamedTuple):
    """How many words went: comments they wrote, reasons and names of files written of them."""

    comments: int
    reasons: int


def take_out(connection: Connection, user_id: int, name: str, then: str) -> Erased:
    """Take out what was written by and of a person; their name in other reasons becomes `then`.

    When and by whom something was done stays, in the ratings and in the audit log.
    """
    given = list(
        connection.execute(
            sa.select(assignments.c.id).where(assignments.c.user_id == user_id)
        ).scalars()
    )
    comments = _comments(connection, user_id)
    reasons = _reasons(connection, user_id, given)
    _names(connection, name, then)
    return Erased(comments, reasons)


def _comments(connection: Connection, user_id: int) -> int:
    mine = sa.select(sittings.c.id).join(
        assignments, sa.and_(assignments.c.id == sittings.c.assignment_id,
                             assignments.c.user_id == user_id)
    )  # fmt: skip
    theirs = events.c.sitting_id.in_(mine)
    written = (Kind.COMMENT, Kind.REFUSED)
    gone = connection.execute(
        sa.update(events).where(theirs, events.c.kind.in_(written)).values(body={"text": GONE})
    ).rowcount
    # A page may have sent words with anything.
    connection.execute(
        sa.update(events)
        .where(theirs, events.c.kind.not_in((*written, Kind.IMPORTED)), events.c.body.is_not(None))
        .values(body=None)
    )
    for row in connection.execute(
        sa.select(events.c.sitting_id, events.c.seq, events.c.body).where(
            theirs, events.c.kind == Kind.IMPORTED
        )
    ).all():
        connection.execute(
            sa.update(events)
            .where(events.c.sitting_id == row.sitting_id, events.c.seq == row.seq)
            .values(body=_without(row.body))
        )
    return gone


def _reasons(connection: Connection, user_id: int, given: list[int]) -> int:
    count = connection.execute(
        sa.update(assignments)
        .where(assignments.c.user_id == user_id, assignments.c.reason.is_not(None))
        .values(reason=GONE)
    ).rowcount
    logged = 0
    for keys in _some(given):
        for row in connection.execute(
            sa.select(audit.c.id, audit.c.detail).where(
                audit.c.about.in_([f"assignment {key}" for key in keys])
            )
        ).all():
            if (without := _without(row.detail)) != row.detail:
                _log(connection, row.id, without)
                logged += 1
    # The log has each reason, an assignment its last; an older database may lack the former.
    return max(count, logged)


def _names(connection: Connection, name: str, then: str) -> None:
    """Let reasons that were given of others name nobody who was erased."""
    # JSON keeps letters beyond ASCII as numbers, so the log is looked through here.
    word = _word(name)
    for given in connection.execute(
        sa.select(assignments.c.id, assignments.c.reason).where(assignments.c.reason.is_not(None))
    ).all():
        if (reason := word.sub(then, given.reason)) != given.reason:
            connection.execute(
                sa.update(assignments).where(assignments.c.id == given.id).values(reason=reason)
            )
    for entry in connection.execute(
        sa.select(audit.c.id, audit.c.detail).where(audit.c.detail.is_not(None))
    ).all():
        said = {
            key: word.sub(then, value) if key in _TYPED and isinstance(value, str) else value
            for key, value in entry.detail.items()
        }
        if said != entry.detail:
            _log(connection, entry.id, said)


def _word(name: str) -> re.Pattern[str]:
    """Return what finds a name that is no part of a longer one, whatever ending it was given."""
    return re.compile(
        rf"(?<![A-Za-z0-9_.-]){re.escape(name)}(?![A-Za-z0-9_-]|\.[A-Za-z0-9])", re.IGNORECASE
    )


def _log(connection: Connection, key: int, detail: dict[str, Any]) -> None:
    connection.execute(sa.update(audit).where(audit.c.id == key).values(detail=detail))


def _without(told: dict[str, Any] | None) -> dict[str, Any]:
    return {key: GONE if key in _TYPED else value for key, value in (told or {}).items()}


def _some(keys: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(keys), _AT_ONCE):
        yield keys[first : first + _AT_ONCE]
