"""Sittings: opened by a tab, kept over a reload, taken over by another tab."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from annotate_web.auth.roles import NotAllowedError
from annotate_web.db.tables import State, assignments, clips, events, sittings, users
from annotate_web.events import practice
from annotate_web.events.replay import replay
from annotate_web.events.tracks import frame_times, replayed, sittings_of
from annotate_web.media.slots import RATE_HZ
from taver.core.errors import BusyError, InputError, NotFoundError, TaverError
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.db.tables import AnyRow
    from annotate_web.settings import Limits


class OpenElsewhereError(BusyError):
    """Another tab is at work on this clip."""


class DoneError(InputError):
    """The clip is done, or not theirs to do any more."""


class ReadFirstError(InputError):
    """The instructions have not been read yet."""


class PractiseFirstError(InputError):
    """A practice clip was not passed yet."""


def open_one(
    database: Database,
    assignment_id: int,
    user_id: int,
    client: str,
    now_ns: int,
    limits: Limits,
    *,
    take_over: bool = False,
) -> str:
    """Return the sitting of a tab for an assignment: its own if it has one, else a new one."""
    client = _uuid(client)
    with database.writing() as connection:
        row = _its(connection, assignment_id, user_id)
        before = connection.execute(
            sa.select(sittings)
            .where(sittings.c.assignment_id == assignment_id)
            .order_by(sittings.c.made_ns.desc(), sittings.c.id.desc())
        ).all()
        running = [s for s in before if s.ended_ns is None]
        for sitting in running:
            if sitting.client == client and row.state in {State.OPEN, State.WORKING}:
                return str(sitting.id)
        _refuse(connection, row, user_id)
        for sitting in running:
            if now_ns - (sitting.heard_ns or sitting.made_ns) < limits.heard_ns and not take_over:
                raise OpenElsewhereError(
                    "This clip is open in another window",
                    fix="go on there, or take it over here; nothing of it is lost",
                )
        connection.execute(
            sa.update(sittings)
            .where(sittings.c.id.in_([s.id for s in running]))
            .values(ended_ns=now_ns, ended_by="taken")
        )
        # Whatever a clock says, a sitting comes after those before it.
        made_ns = max([now_ns, *(s.made_ns + 1 for s in before)])
        standing = (
            replayed(connection, assignment_id).standing
            if before and not row.practice
            else dict.fromkeys(Dimension, 0)
        )
        key = str(uuid.uuid4())
        connection.execute(
            sa.insert(sittings).values(
                id=key,
                assignment_id=assignment_id,
                made_ns=made_ns,
                client=client,
                start_arousal=standing[Dimension.AROUSAL],
                start_valence=standing[Dimension.VALENCE],
                acknowledged=0,
            )
        )
        connection.execute(
            sa.update(assignments)
            .where(assignments.c.id == assignment_id)
            .values(
                state=State.WORKING,
                opened_ns=sa.func.coalesce(assignments.c.opened_ns, now_ns),
                done_ns=None,
            )
        )
    return key


def describe(database: Database, sitting: str, user_id: int) -> dict[str, Any]:
    """Return what a tab needs to begin, or to go on after a reload."""
    with database.reading() as connection:
        row = connection.execute(
            sa.select(
                sittings.c.id,
                sittings.c.acknowledged,
                sittings.c.ended_by,
                assignments.c.id.label("assignment"),
                assignments.c.user_id,
                assignments.c.state,
                clips.c.id.label("clip_id"),
                *(column for column in clips.c if column is not clips.c.id),
            )
            .join(assignments, assignments.c.id == sittings.c.assignment_id)
            .join(clips, clips.c.id == assignments.c.clip_id)
            .where(sittings.c.id == sitting)
        ).one_or_none()
        if row is None:
            raise NotFoundError("There is no such sitting", fix="open the clip from your list")
        if row.user_id != user_id:
            raise NotAllowedError("This sitting is somebody else's", fix="open one of your clips")
        highest = connection.execute(
            sa.select(sa.func.max(events.c.seq)).where(events.c.sitting_id == sitting)
        ).scalar()
        sat = dict(sittings_of(connection, row.assignment))[sitting]
        passed = replayed(connection, row.assignment, last_only=row.practice).passed
    standing = replay([sat], row.frames).standing
    times = frame_times(row.frame_unix_ns)
    return {
        "sitting": sitting,
        "assignment": row.assignment,
        "state": row.state,
        "ended": row.ended_by,
        "acknowledged": row.acknowledged,
        "highest": highest or 0,
        "values": {str(dimension): value for dimension, value in standing.items()},
        "passed_frames": int((passed > 0).sum()),
        "clip": {
            "name": row.name,
            "frames": row.frames,
            "fps": RATE_HZ,  # of the film; the pictures' own times tremble
            "times_ns": (times - times[0]).tolist() if len(times) else [],
            "width": row.width_px,
            "height": row.height_px,
            "media": f"/media/{row.clip_id}/{row.media}",
            "sound": row.sound,
            "practice": row.practice,
            "reference": row.reference if row.practice else None,
        },
    }


def verdict(database: Database, assignment_id: int, user_id: int) -> practice.Verdict:
    """Return how the last sitting of a practice clip went."""
    with database.reading() as connection:
        row = _its(connection, assignment_id, user_id)
        if not row.practice or not row.reference:
            raise InputError("This is no practice clip", fix="there is nothing to compare it with")
        values = replayed(connection, assignment_id, last_only=True).values
    return practice.judge(row.reference, values, frame_times(row.frame_unix_ns))


def has_practised(connection: Connection, user_id: int) -> bool:
    """Tell whether a user has passed every practice clip that is in use."""
    there = connection.execute(
        sa.select(clips.c.id, clips.c.reference, clips.c.frame_unix_ns).where(
            clips.c.practice.is_(sa.true()), clips.c.removed_ns.is_(None)
        )
    ).all()
    for clip in there:
        mine = connection.execute(
            sa.select(assignments.c.id).where(
                assignments.c.clip_id == clip.id,
                assignments.c.user_id == user_id,
                assignments.c.state == State.DONE,
            )
        ).scalar()
        if mine is None:
            return False
        values = replayed(connection, mine, last_only=True).values
        if (
            clip.reference
            and not practice.judge(clip.reference, values, frame_times(clip.frame_unix_ns)).passed
        ):
            return False
    return True


def _its(connection: Connection, assignment_id: int, user_id: int) -> AnyRow:
    row = connection.execute(
        sa.select(
            assignments.c.id,
            assignments.c.user_id,
            assignments.c.state,
            clips.c.practice,
            clips.c.reference,
            clips.c.frame_unix_ns,
            clips.c.removed_ns,
        )
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(assignments.c.id == assignment_id)
        .with_for_update(of=assignments)
    ).one_or_none()
    if row is None:
        raise NotFoundError("There is no such assignment", fix="open a clip from your list")
    if row.user_id != user_id:
        raise NotAllowedError("This clip is somebody else's to annotate", fix="open one of yours")
    return row


def _refuse(connection: Connection, row: AnyRow, user_id: int) -> None:
    """Raise unless the user may begin a new sitting of this assignment now."""
    problem: TaverError | None = None
    instructed = sa.select(users.c.instructed_ns).where(users.c.id == user_id)
    again = row.practice and row.state == State.DONE  # one may practise until it goes well
    if row.removed_ns is not None or (row.state not in {State.OPEN, State.WORKING} and not again):
        problem = DoneError(
            "This clip is done, or was given to somebody else",
            fix="open another from your list; a lead can reopen it",
        )
    elif connection.execute(instructed).scalar() is None:
        problem = ReadFirstError(
            "The instructions come first", fix="read them; it takes three minutes"
        )
    elif not row.practice and not has_practised(connection, user_id):
        problem = PractiseFirstError(
            "The practice clip comes first", fix="open it from your list; it can be repeated"
        )
    if problem:
        raise problem


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        raise InputError("A tab is named by a UUID", fix="load the page again") from None
