"""Takes a batch of events in: all of it in one transaction, each event once, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from annotate_web.auth.roles import NotAllowedError
from annotate_web.db.tables import Kind, State, assignments, clips, events, sittings
from annotate_web.events.accept import Refused, Wrong, checked, kept_of_refused, numbers
from taver.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.db.tables import AnyRow
    from annotate_web.settings import Limits

_SAME = ("kind", "frame", "media_ns", "value", "delay_us", "client_ns")
_AT_ONCE = 2000


class Taken(NamedTuple):
    """What a client is told of its batch."""

    acknowledged: int  # every number up to it is kept, for good
    refused: tuple[Refused, ...]
    state: str  # of the assignment
    ended: str | None  # whether, and by what, the sitting has ended


def take(
    database: Database, sitting: str, user_id: int, batch: Any, now_ns: int, limits: Limits
) -> Taken:
    """Keep the events of a batch that are not kept yet; tell how far all numbers are there."""
    numbered = numbers(batch, limits)
    return database.write(
        lambda connection: _take(connection, sitting, user_id, numbered, now_ns, limits)
    )


def _take(
    connection: Connection,
    sitting: str,
    user_id: int,
    numbered: Sequence[Mapping[str, Any]],
    now_ns: int,
    limits: Limits,
) -> Taken:
    row = _its(connection, sitting, user_id)
    there = _there(connection, sitting, [event["seq"] for event in numbered])
    fresh, refused = _sorted_out(numbered, there, row, limits)
    acknowledged, last_seq = row.acknowledged, _last(fresh, row.last_seq)
    if fresh:
        added = [{**event, "sitting_id": sitting, "received_ns": now_ns} for event in fresh]
        connection.execute(_ADD, added)
        acknowledged = _reached(connection, sitting, acknowledged)
    state, ended_by, ended_ns = str(row.state), row.ended_by, row.ended_ns
    if last_seq is not None and acknowledged >= last_seq and ended_by != "done":
        ended_by, ended_ns = "done", now_ns
        state = _finish(connection, row, now_ns)
    connection.execute(
        _HEARD,
        {
            "sitting": sitting,
            "reached": acknowledged,
            "last": last_seq,
            "heard": now_ns,
            "by": ended_by,
            "at": ended_ns,
        },
    )
    return Taken(acknowledged, tuple(refused), state, ended_by)


def _its(connection: Connection, sitting: str, user_id: int) -> AnyRow:
    """Return a sitting, held until the transaction ends: no other batch of it comes between."""
    row = connection.execute(_ITS, {"sitting": sitting}).one_or_none()
    if row is None:
        raise NotFoundError("There is no such sitting", fix="open the clip again from your list")
    if row.user_id != user_id:
        raise NotAllowedError("This sitting is somebody else's", fix="open one of your own clips")
    return row


def _there(
    connection: Connection, sitting: str, seqs: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    if not seqs:
        return {}
    rows = connection.execute(
        _THERE, {"sitting": sitting, "lowest": min(seqs), "highest": max(seqs)}
    ).mappings()
    return {row["seq"]: dict(row) for row in rows}


def _sorted_out(
    numbered: Sequence[Mapping[str, Any]],
    there: Mapping[int, Mapping[str, Any]],
    row: AnyRow,
    limits: Limits,
) -> tuple[list[dict[str, Any]], list[Refused]]:
    """Return the rows to add, and what is refused.

    A refused event's number is kept, with what came: else the numbers after it could never be
    acknowledged.
    """
    fresh: dict[int, dict[str, Any]] = {}
    refused: list[Refused] = []
    last_seq = row.last_seq
    for event in numbered:
        seq = event["seq"]
        try:
            _refuse_after(last_seq, seq)
            made = checked(event, row.frames, limits)
            before = fresh.get(seq) or there.get(seq)
            _refuse_another(before, made)
        except Wrong as wrong:
            refused.append(Refused(seq, wrong.what, wrong.fix))
            if seq not in there and (last_seq is None or seq < last_seq):
                fresh.setdefault(seq, kept_of_refused(event, wrong))
            continue
        if before is None:
            fresh[seq] = made
            if made["kind"] == Kind.DONE:
                last_seq = seq
    return list(fresh.values()), refused


def _refuse_after(last_seq: int | None, seq: int) -> None:
    if last_seq is not None and seq > last_seq:
        raise Wrong("This sitting was done before that", "open the clip again from your list")


def _refuse_another(before: Mapping[str, Any] | None, made: Mapping[str, Any]) -> None:
    if before is not None and any(before[name] != made[name] for name in _SAME):
        raise Wrong(
            f"There is another event with the number {made['seq']} already",
            "load the page again; only one window may write a sitting",
        )


def _last(fresh: Sequence[Mapping[str, Any]], before: int | None) -> int | None:
    """Return the number of the sitting's "done", once it came."""
    done = [event["seq"] for event in fresh if event["kind"] == Kind.DONE]
    return min([*done, *([before] if before is not None else [])], default=None)


def _reached(connection: Connection, sitting: str, acknowledged: int) -> int:
    """Return up to which number none is missing."""
    while True:
        some = (
            connection.execute(_ABOVE, {"sitting": sitting, "acknowledged": acknowledged})
            .scalars()
            .all()
        )
        for seq in some:
            if seq != acknowledged + 1:
                return acknowledged
            acknowledged = seq
        if len(some) < _AT_ONCE:
            return acknowledged


def _finish(connection: Connection, row: AnyRow, now_ns: int) -> str:
    """Note that the annotator is done with the clip, if it still is theirs to do."""
    done = connection.execute(
        sa.update(assignments)
        .where(
            assignments.c.id == row.assignment_id,
            assignments.c.state.in_([State.OPEN, State.WORKING]),
        )
        .values(state=State.DONE, done_ns=now_ns)
    )
    return str(State.DONE) if done.rowcount else str(row.state)


_ITS = (
    sa.select(
        sittings.c.acknowledged,
        sittings.c.last_seq,
        sittings.c.ended_ns,
        sittings.c.ended_by,
        sittings.c.assignment_id,
        assignments.c.user_id,
        assignments.c.state,
        clips.c.frames,
    )
    .join(assignments, assignments.c.id == sittings.c.assignment_id)
    .join(clips, clips.c.id == assignments.c.clip_id)
    .where(sittings.c.id == sa.bindparam("sitting"))
    .with_for_update(of=sittings)
)
_ADD = sa.insert(events)
_HEARD = (
    sa.update(sittings)
    .where(sittings.c.id == sa.bindparam("sitting"))
    .values(
        acknowledged=sa.bindparam("reached"),
        last_seq=sa.bindparam("last"),
        heard_ns=sa.bindparam("heard"),
        ended_by=sa.bindparam("by"),
        ended_ns=sa.bindparam("at"),
    )
)
_THERE = sa.select(events.c.seq, *(events.c[name] for name in _SAME)).where(
    events.c.sitting_id == sa.bindparam("sitting"),
    events.c.seq.between(sa.bindparam("lowest"), sa.bindparam("highest")),
)
_ABOVE = (
    sa.select(events.c.seq)
    .where(
        events.c.sitting_id == sa.bindparam("sitting"),
        events.c.seq > sa.bindparam("acknowledged"),
    )
    .order_by(events.c.seq)
    .limit(_AT_ONCE)
)
