"""Everybody at a glance: role, how far they have come, whether they may log in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.db.tables import State, assignments, users

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def listed(connection: Connection) -> list[list[str]]:
    """Return a row a person: name, role, clips open, begun and done, state."""
    counts: Counter[tuple[int, str]] = Counter()
    for user_id, state, number in connection.execute(
        sa.select(assignments.c.user_id, assignments.c.state, sa.func.count()).group_by(
            assignments.c.user_id, assignments.c.state
        )
    ):
        counts[user_id, state] = number
    return [
        [
            row.name,
            row.role,
            *(str(counts[row.id, state]) for state in (State.OPEN, State.WORKING, State.DONE)),
            "may not log in" if row.disabled_ns else "one-time password" if row.must_change else "",
        ]
        for row in connection.execute(
            sa.select(users).where(users.c.erased_ns.is_(None)).order_by(users.c.folded)
        )
    ]
