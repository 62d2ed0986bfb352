"""The audit log: who changed what, when; people by number, so that erasing one leaves no name."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import assignments, audit, clips, users
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

# What an entry's own words say already.
_SAID: Final = frozenset({"clip", "user"})
COLUMNS: Final = ("at", "who", "what", "about", "means", "detail")


class Entry(NamedTuple):
    """One change, with today's names for the numbers in it."""

    at_ns: int
    who: str | None  # None: the command line
    what: str
    about: str  # as it is kept: user 4
    means: str  # whom or what that is: rater-2
    detail: dict[str, Any]


def record(
    connection: Connection,
    now_ns: int,
    by: int | None,
    what: str,
    about: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down one change, in the transaction that makes it; `by` is a user or the console."""
    connection.execute(
        sa.insert(audit).values(
            at_ns=now_ns, user_id=by, what=what, about=about, detail=dict(detail or {}) or None
        )
    )


def latest(connection: Connection, most: int | None = None) -> list[Entry]:
    """Return the last entries, newest first; all of them if it is not said how many."""
    rows = connection.execute(
        sa.select(audit.c.at_ns, users.c.name, audit.c.what, audit.c.about, audit.c.detail)
        .join(users, users.c.id == audit.c.user_id, isouter=True)
        .order_by(audit.c.id.desc())
        .limit(most)
    ).all()
    names = _names(connection)
    return [
        Entry(row.at_ns, row.name, row.what, row.about, names.get(row.about, ""), row.detail or {})
        for row in rows
    ]


def in_words(entry: Entry) -> str:
    """Return what an entry tells beside whom it is about: a reason, a role before and after."""
    return "; ".join(f"{name}: {value}" for name, value in entry.detail.items()
                     if name not in _SAID)  # fmt: skip


def written(entries: Sequence[Entry]) -> str:
    """Return entries as CSV; detail is JSON, so no cell of it begins as a formula does."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\n")
    made.writerow(COLUMNS)
    for entry in entries:
        at = dt.datetime.fromtimestamp(entry.at_ns // NS_PER_S, tz=dt.UTC)
        detail = json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""
        made.writerow((at.isoformat(), entry.who or "", *entry[2:5], detail))
    return out.getvalue()


def _names(connection: Connection) -> dict[str, str]:
    """Return whom and what the log's words are about: an assignment is a clip and its rater."""
    found = {
        f"user {key}": name for key, name in connection.execute(sa.select(users.c.id, users.c.name))
    }
    given = connection.execute(
        sa.select(assignments.c.id, clips.c.name, users.c.name.label("rater"))
        .join(clips, clips.c.id == assignments.c.clip_id)
        .join(users, users.c.id == assignments.c.user_id)
    )
    return found | {f"assignment {row.id}": f"{row.name}, {row.rater}" for row in given}
