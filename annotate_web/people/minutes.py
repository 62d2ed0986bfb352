"""How long each annotator worked on each clip: what people are paid by.

Time between two events counts in full while the film plays, up to what is left of it, and for a
minute at most while it stands: somebody may think, or have gone for lunch. Within a sitting it is
taken from the browser's clock, of which steps back count as nothing; it never exceeds what the
server saw pass between the sitting's begin and its last events.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import Kind, assignments, clips, events, sittings, users
from annotate_web.settings import MINUTE_NS
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

_PAUSE_NS: Final = MINUTE_NS
_SLACK_NS: Final = 10 * NS_PER_S  # a film that loads stands for a while
COLUMNS: Final = (
    "annotator", "clip", "state", "active_minutes", "played_minutes", "sittings", "first", "last",
)  # fmt: skip


class Moment(NamedTuple):
    """What minutes need of an event."""

    kind: str
    frame: int | None
    value: int | None
    client_ns: int


class Worked(NamedTuple):
    """The time of one sitting."""

    active_ns: int
    played_ns: int


class Row(NamedTuple):
    """One line of the table."""

    annotator: str
    clip: str
    state: str
    active_minutes: float
    played_minutes: float
    sittings: int
    first: str
    last: str


def worked(moments: Iterable[Moment], frames: int, period_ns: int) -> Worked:
    """Return how long somebody was at work in a sitting, and how long the film played."""
    active_ns = played_ns = 0
    before: Moment | None = None
    playing_from: int | None = None
    percent = 100
    for moment in moments:
        if before is not None:
            gap_ns = max(0, moment.client_ns - before.client_ns)
            if playing_from is None:
                active_ns += min(gap_ns, _PAUSE_NS)
            else:
                left_ns = (frames - playing_from) * period_ns * 100 // percent + _SLACK_NS
                counted_ns = min(gap_ns, left_ns)
                active_ns += counted_ns
                played_ns += counted_ns
        if moment.kind == Kind.PLAY and moment.frame is not None:
            playing_from = moment.frame
        elif moment.kind in {Kind.STOP, Kind.DONE}:
            playing_from = None
        elif playing_from is not None and moment.frame is not None:
            playing_from = moment.frame
        if moment.kind == Kind.RATE and moment.value:
            percent = moment.value
        before = moment
    return Worked(active_ns, played_ns)


def table(connection: Connection) -> list[Row]:
    """Return a line for each annotator and clip that was opened."""
    given = connection.execute(
        sa.select(
            assignments.c.id,
            assignments.c.state,
            users.c.name,
            clips.c.name.label("clip"),
            clips.c.frames,
            clips.c.from_unix_ns,
            clips.c.until_unix_ns,
        )
        .join(users, users.c.id == assignments.c.user_id)
        .join(clips, clips.c.id == assignments.c.clip_id)
        .order_by(users.c.name, clips.c.name)
    ).all()
    found = []
    for row in given:
        period_ns = (row.until_unix_ns - row.from_unix_ns) // max(1, row.frames)
        sat = connection.execute(
            sa.select(sittings.c.id, sittings.c.made_ns, sittings.c.heard_ns).where(
                sittings.c.assignment_id == row.id, sittings.c.heard_ns.is_not(None)
            )
        ).all()
        if sat:
            found.append(_row(connection, row, sat, period_ns))
    return found


def written(rows: Sequence[Row]) -> str:
    """Return the table as CSV."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\n")
    made.writerow(COLUMNS)
    made.writerows(rows)
    return out.getvalue()


def _row(connection: Connection, of: Any, sat: Sequence[Any], period_ns: int) -> Row:
    active_ns = played_ns = 0
    for sitting in sat:
        moments = connection.execute(
            sa.select(events.c.kind, events.c.frame, events.c.value, events.c.client_ns)
            .where(events.c.sitting_id == sitting.id, events.c.kind != Kind.REFUSED)
            .order_by(events.c.seq)
        )
        made = worked((Moment(*moment) for moment in moments), of.frames, period_ns)
        passed_ns = sitting.heard_ns - sitting.made_ns + _SLACK_NS
        active_ns += min(made.active_ns, max(0, passed_ns))
        played_ns += min(made.played_ns, max(0, passed_ns))
    return Row(
        of.name,
        of.clip,
        of.state,
        round(active_ns / MINUTE_NS, 2),
        round(played_ns / MINUTE_NS, 2),
        len(sat),
        _date(min(sitting.made_ns for sitting in sat)),
        _date(max(sitting.heard_ns for sitting in sat)),
    )


def _date(unix_ns: int) -> str:
    return dt.datetime.fromtimestamp(unix_ns // NS_PER_S, tz=dt.UTC).isoformat(timespec="seconds")
