"""What a lead changes: an assignment goes to somebody else, does not count, or is reopened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from annotate_web.assign import places
from annotate_web.db.tables import TAKEN, State, assignments, clips, sittings, users
from annotate_web.people import audit
from taver.core.errors import AlreadyThereError, InputError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.db.tables import AnyRow

_LONGEST_REASON = 500


def exclude(database: Database, by: int | None, key: int, reason: str, now_ns: int) -> None:
    """Let a rating not count, and its place be free; nothing is deleted."""
    _end(database, by, key, State.EXCLUDED, reason, now_ns)


def withdraw(database: Database, by: int | None, key: int, reason: str, now_ns: int) -> None:
    """Take a clip from somebody, so that somebody else can have it."""
    _end(database, by, key, State.WITHDRAWN, reason, now_ns)


def reassign(
    database: Database, by: int | None, key: int, to_user: int, reason: str, now_ns: int
) -> int:
    """Take a clip from somebody and give it to `to_user`, at once; return the new assignment."""
    with database.drawing() as connection:
        row = _locked(connection, key)
        if row.state not in TAKEN:
            raise InputError(
                f"Assignment {key} is {row.state}: its place is free already",
                fix="deal the free places out, or reopen it",
            )
        if to_user not in places.annotators(connection):
            raise NotFoundError(
                "Only annotators who are not disabled can be given clips",
                fix="choose one from the list",
            )
        there = sa.select(assignments.c.id).where(
            assignments.c.clip_id == row.clip_id, assignments.c.user_id == to_user
        )
        if connection.execute(there).first():
            raise AlreadyThereError(
                "They have, or had, this clip already", fix="choose somebody else, or reopen theirs"
            )
        _change(connection, by, row, State.WITHDRAWN, _checked(reason), now_ns, "reassigned")
        return places.give(connection, by, row.clip_id, to_user, now_ns)


def reopen(database: Database, by: int | None, key: int, reason: str, now_ns: int) -> None:
    """Let somebody go on with a clip; what they did before stays, and may be gone over.

    What was finished by somebody who cannot log in any more counts again.
    """
    with database.drawing() as connection:
        row = _locked(connection, key)
        if row.state in {State.OPEN, State.WORKING}:
            raise InputError(f"Assignment {key} is {row.state}", fix="there is nothing to reopen")
        gone = row.erased_ns or row.disabled_ns
        # Who cannot go on, as one who exists in a file alone, was done before it was left out.
        counts_again = bool(gone and row.done_ns and row.state not in TAKEN)
        if gone and not counts_again:
            raise InputError(
                f"{row.user} may not log in, and cannot go on with it",
                fix="give the clip to somebody else; or let them in again first",
            )
        if row.state not in TAKEN:
            clip = next((c for c in places.to_annotate(connection) if c.key == row.clip_id), None)
            if clip is not None and not clip.free:
                raise InputError(
                    "The clip has all its raters: somebody took this place",
                    fix="withdraw or exclude one of them first",
                )
        state = State.DONE if counts_again else State.OPEN
        _change(connection, by, row, state, _checked(reason), now_ns, "reopened")
        connection.execute(
            sa.update(sittings)
            .where(sittings.c.assignment_id == key, sittings.c.ended_ns.is_(None))
            .values(ended_ns=now_ns, ended_by="reopened")
        )


def free(database: Database, by: int | None, user_id: int, reason: str, now_ns: int) -> int:
    """Take all clips from somebody that they have not finished; return how many."""
    with database.drawing() as connection:
        count = leave(connection, by, user_id, _checked(reason), now_ns, practice=False)
    if not count:
        raise InputError("They have no clip left to do", fix="load the page again")
    return count


def leave(
    connection: Connection, by: int | None, user_id: int, reason: str, now_ns: int, *,
    practice: bool = True,
) -> int:  # fmt: skip
    """Free the places that somebody has not finished; return how many.

    Without `practice` those clips stay theirs, which take no place: they may come back.
    """
    wanted = (
        sa.select(assignments)
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(
            assignments.c.user_id == user_id,
            assignments.c.state.in_([State.OPEN, State.WORKING]),
        )
        .with_for_update(of=assignments)  # what is finished at this moment is theirs
    )
    if not practice:
        wanted = wanted.where(clips.c.practice.is_(sa.false()))
    rows = connection.execute(wanted).all()
    for row in rows:
        _change(connection, by, row, State.WITHDRAWN, reason, now_ns, "withdrawn")
    return len(rows)


def _end(
    database: Database, by: int | None, key: int, state: State, reason: str, now_ns: int
) -> None:
    with database.drawing() as connection:
        row = _locked(connection, key)
        if row.state == state:
            raise InputError(f"Assignment {key} is {state} already", fix="there is nothing to do")
        _change(connection, by, row, state, _checked(reason), now_ns, str(state))


def _locked(connection: Connection, key: int) -> AnyRow:
    row = connection.execute(
        sa.select(assignments, users.c.name.label("user"), users.c.erased_ns, users.c.disabled_ns)
        .join(users, users.c.id == assignments.c.user_id)
        .where(assignments.c.id == key)
        .with_for_update(of=assignments)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no assignment {key}", fix="load the page again")
    return row


def _change(
    connection: Connection, by: int | None, row: AnyRow, state: State, reason: str,
    now_ns: int, what: str,
) -> None:  # fmt: skip
    values: dict[str, Any] = {"state": state, "reason": reason}
    if state is State.OPEN:
        values["done_ns"] = None
    connection.execute(sa.update(assignments).where(assignments.c.id == row.id).values(**values))
    detail = {"from": row.state, "reason": reason}
    audit.record(connection, now_ns, by, what, f"assignment {row.id}", detail)


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise InputError(
            f"A reason has 1 to {_LONGEST_REASON} characters", fix="say in a sentence why"
        )
    return reason
