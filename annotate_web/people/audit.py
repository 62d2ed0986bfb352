"""The audit log: who changed what, when; people by number, so that erasing one leaves no name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from annotate_web.db.tables import audit, users

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from annotate_web.db.tables import AnyRow


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


def latest(connection: Connection, most: int = 500) -> Sequence[AnyRow]:
    """Return the last entries, newest first, with the name of who did it."""
    return connection.execute(
        sa.select(audit.c.at_ns, users.c.name, audit.c.what, audit.c.about, audit.c.detail)
        .join(users, users.c.id == audit.c.user_id, isouter=True)
        .order_by(audit.c.id.desc())
        .limit(most)
    ).all()
