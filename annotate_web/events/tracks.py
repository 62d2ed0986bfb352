"""An annotator's events of a clip, read from the database and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from annotate_web.db.tables import Kind, assignments, clips, events, sittings
from annotate_web.events.replay import Replayed, Sat, Told, replay
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    import numpy.typing as npt
    from sqlalchemy.engine import Connection


def frame_times(packed: bytes) -> npt.NDArray[np.int64]:
    """Return a clip's frame times as they are kept in its row."""
    return np.frombuffer(packed, dtype="<i8").astype(np.int64)


def replayed(connection: Connection, assignment_id: int, *, last_only: bool = False) -> Replayed:
    """Return what one annotator gave each frame, in all sittings or in the last one only."""
    frames = connection.execute(
        sa.select(clips.c.frames)
        .join(assignments, assignments.c.clip_id == clips.c.id)
        .where(assignments.c.id == assignment_id)
    ).scalar_one()
    sat = sittings_of(connection, assignment_id)
    return replay([s for _, s in (sat[-1:] if last_only else sat)], frames)


def sittings_of(connection: Connection, assignment_id: int) -> list[tuple[str, Sat]]:
    """Return the sittings of an assignment in the order in which they began."""
    rows = connection.execute(
        sa.select(sittings.c.id, sittings.c.start_arousal, sittings.c.start_valence)
        .where(sittings.c.assignment_id == assignment_id)
        .order_by(sittings.c.made_ns, sittings.c.id)
    ).all()
    found: dict[str, list[Told]] = {row.id: [] for row in rows}
    for row in _events(connection, list(found)):
        found[row.sitting_id].append(Told(row.seq, row.kind, row.frame, row.value, row.body))
    return [
        (
            sat.id,
            Sat(
                {Dimension.AROUSAL: sat.start_arousal, Dimension.VALENCE: sat.start_valence},
                found[sat.id],
            ),
        )
        for sat in rows
    ]


def _events(connection: Connection, of: list[str]) -> sa.CursorResult[Any]:
    return connection.execute(
        sa.select(
            events.c.sitting_id,
            events.c.seq,
            events.c.kind,
            events.c.frame,
            events.c.value,
            sa.case((events.c.kind == Kind.IMPORTED, events.c.body)).label("body"),
        )
        .where(events.c.sitting_id.in_(of))
        .order_by(events.c.sitting_id, events.c.seq)
    )
