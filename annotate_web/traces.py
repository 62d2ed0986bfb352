"""What annotators said of a session's clips, as `taver labels` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.db.tables import State, assignments, clips, users
from annotate_web.events.replay import trace
from annotate_web.events.tracks import frame_times, replayed
from taver.labels.trace import Clip, Rated, Rating

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database


def ratings_of(database: Database, session: str) -> list[Rated]:
    """Return each clip of a session that is in use, with the ratings of those who are done.

    Ratings that a lead left out are there too, with the reason. Practice is not.
    """
    with database.reading() as connection:
        found = connection.execute(
            sa.select(clips)
            .where(
                clips.c.session == session,
                clips.c.practice.is_(sa.false()),
                clips.c.removed_ns.is_(None),
            )
            .order_by(clips.c.from_unix_ns, clips.c.id)
        ).all()
        return [
            Rated(
                Clip(row.name, row.session, frame_times(row.frame_unix_ns)),
                tuple(_ratings(connection, row.id, row.frame_unix_ns)),
                row.wanted_raters,
                row.phase or "",
            )
            for row in found
        ]


def _ratings(connection: Connection, clip_id: int, packed: bytes) -> list[Rating]:
    rows = connection.execute(
        sa.select(assignments.c.id, assignments.c.state, assignments.c.reason, users.c.name)
        .join(users, users.c.id == assignments.c.user_id)
        .where(
            assignments.c.clip_id == clip_id,
            assignments.c.state.in_([State.DONE, State.EXCLUDED]),
        )
        .order_by(users.c.name)
    ).all()
    times = frame_times(packed)
    return [
        Rating(
            row.name,
            {
                dimension: trace(values, times)
                for dimension, values in replayed(connection, row.id).values.items()
            },
            (row.reason or "excluded") if row.state == State.EXCLUDED else "",
        )
        for row in rows
    ]
