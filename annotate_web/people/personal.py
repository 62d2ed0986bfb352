"""An annotator's personal data: given to them, and erased."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.assign import change
from annotate_web.auth import accounts
from annotate_web.db.tables import (
    ERASED,
    State,
    assignments,
    audit,
    clips,
    events,
    invitations,
    sittings,
    users,
    web_sessions,
)
from annotate_web.people import audit as log
from annotate_web.people import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

_NOT_TOLD: Final = {"password_hash", "folded"}
_WHY: Final = "the person's data were erased"


class Gone(NamedTuple):
    """What came of an erasure."""

    name: str  # under which the ratings stay
    words: words.Erased


def exported(connection: Connection, user_id: int) -> str:
    """Return all that is kept of a user, as JSON."""
    person = accounts.by_id(connection, user_id)._asdict()
    given = connection.execute(
        sa.select(assignments, clips.c.name.label("clip"))
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(assignments.c.user_id == user_id)
        .order_by(assignments.c.id)
    ).all()
    whole = {
        "person": {name: value for name, value in person.items() if name not in _NOT_TOLD},
        "sessions": _rows(
            connection,
            sa.select(
                web_sessions.c.made_ns, web_sessions.c.seen_ns, web_sessions.c.ended_ns
            ).where(web_sessions.c.user_id == user_id),
        ),
        "changes": _rows(
            connection,
            sa.select(audit).where(_about(user_id, [row.id for row in given])).order_by(audit.c.id),
        ),
        "assignments": [
            {
                **{name: value for name, value in row._asdict().items() if name != "user_id"},
                "sittings": _sittings(connection, row.id),
            }
            for row in given
        ],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def erase(
    connection: Connection, by: int | None, user_id: int, now_ns: int, *, ratings: bool
) -> Gone:
    """Erase what tells who a user is; with `ratings` all that they did, too.

    Without them, ratings stay under a number that leads to nobody. What was written of the person
    goes: reasons, their name in reasons given of others. What was copied elsewhere (labels,
    datasets, backups) is not reached.
    """
    row = accounts.by_id(connection, user_id)
    accounts.refuse_last_administrator(connection, row)
    name = f"{ERASED}{user_id}"
    gone = words.take_out(connection, user_id, row.name, name)
    change.leave(connection, by, user_id, _WHY, now_ns)
    if ratings:
        mine = (
            sa.select(sittings.c.id)
            .join(assignments, assignments.c.id == sittings.c.assignment_id)
            .where(assignments.c.user_id == user_id)
        )
        connection.execute(sa.delete(events).where(events.c.sitting_id.in_(mine)))
        connection.execute(sa.delete(sittings).where(sittings.c.id.in_(mine)))
        connection.execute(
            sa.update(assignments)
            .where(assignments.c.user_id == user_id)
            .values(state=State.WITHDRAWN, reason=_WHY)
        )
    connection.execute(sa.delete(web_sessions).where(web_sessions.c.user_id == user_id))
    connection.execute(
        sa.delete(invitations).where(
            invitations.c.user_id == user_id, invitations.c.used_ns.is_(None)
        )
    )
    connection.execute(
        sa.update(users)
        .where(users.c.id == user_id)
        .values(
            name=name, folded=name, password_hash=None, age=None, gender=None, language=None,
            must_change=False, erased_ns=now_ns,
        )
    )  # fmt: skip
    log.record(connection, now_ns, by, "erased", f"user {user_id}", {"ratings": ratings})
    return Gone(name, gone)


def _sittings(connection: Connection, assignment_id: int) -> list[dict[str, Any]]:
    found = _rows(connection, sa.select(sittings).where(sittings.c.assignment_id == assignment_id))
    for sitting in found:
        sitting["events"] = _rows(
            connection,
            sa.select(*(column for column in events.c if column is not events.c.sitting_id))
            .where(events.c.sitting_id == sitting["id"])
            .order_by(events.c.seq),
        )
    return found


def _rows(connection: Connection, query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in connection.execute(query)]


def _about(user_id: int, given: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return what finds changes by somebody, of them, and of what they were given to rate."""
    about = [f"user {user_id}", *(f"assignment {key}" for key in given)]
    return sa.or_(audit.c.user_id == user_id, audit.c.about.in_(about))
