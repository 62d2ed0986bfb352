"""An annotator with nothing left to do takes a clip that still lacks a rater."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.assign import places
from annotate_web.db.tables import State, assignments, clips

if TYPE_CHECKING:
    from annotate_web.db.open import Database


def claim(database: Database, user_id: int, now_ns: int) -> int | None:
    """Return an assignment to go on with, a new one if none is left; None if there is no work.

    Draws follow one another, so a clip never gets more raters than it wants, whoever asks at once.
    """
    with database.drawing() as connection:
        places.give_practice(connection, user_id, now_ns)
        waiting = connection.execute(
            sa.select(assignments.c.id)
            .join(clips, clips.c.id == assignments.c.clip_id)
            .where(
                assignments.c.user_id == user_id,
                assignments.c.state.in_([State.OPEN, State.WORKING]),
                clips.c.removed_ns.is_(None),
            )
            .order_by(clips.c.practice.desc(), assignments.c.position)
            .limit(1)
        ).scalar()
        if waiting is not None:
            return int(waiting)
        free = [
            clip
            for clip in places.to_annotate(connection)
            if clip.free and user_id not in clip.known
        ]
        if not free:
            return None
        # Chance between the clips that lack most: everybody meets them in another order.
        most = max(clip.free for clip in free)
        seed = (user_id << 20) ^ len(free)
        chosen = random.Random(seed).choice([clip for clip in free if clip.free == most])  # noqa: S311
        return places.give(connection, user_id, chosen.key, user_id, now_ns, seed=seed)
