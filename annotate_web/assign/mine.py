"""What one annotator has to do; nothing of what others did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.db.tables import State, assignments, clips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from annotate_web.db.tables import AnyRow


def of(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """Return a user's assignments with their clips: practice first, then in their own order."""
    return connection.execute(
        sa.select(
            assignments.c.id,
            assignments.c.state,
            assignments.c.reason,
            assignments.c.position,
            assignments.c.done_ns,
            clips.c.id.label("clip_id"),
            clips.c.name,
            clips.c.frames,
            clips.c.from_unix_ns,
            clips.c.until_unix_ns,
            clips.c.practice,
            clips.c.sound,
            clips.c.simulated,
        )
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(
            assignments.c.user_id == user_id,
            assignments.c.state.in_([State.OPEN, State.WORKING, State.DONE]),
            clips.c.removed_ns.is_(None),
        )
        .order_by(clips.c.practice.desc(), assignments.c.position)
    ).all()


def blind_to(connection: Connection, user_id: int) -> set[int]:
    """Return the clips whose ratings a user must not see: their own is not done yet.

    A lead may annotate too; until then the others' traces of that clip are kept from them.
    """
    return set(
        connection.execute(
            sa.select(assignments.c.clip_id).where(
                assignments.c.user_id == user_id,
                assignments.c.state.in_([State.OPEN, State.WORKING]),
            )
        ).scalars()
    )
