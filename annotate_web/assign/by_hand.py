"""Assignments by the names of clip and rater, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.assign import places
from annotate_web.auth import accounts
from annotate_web.db.tables import State, assignments, clips, users
from taver.core.errors import AlreadyThereError, InputError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database


def user(database: Database, name: str) -> int:
    """Return the number of a user."""
    with database.reading() as connection:
        return int(accounts.by_name(connection, name).id)


def found(database: Database, clip: str, rater: str) -> int:
    """Return the assignment of this clip to this rater."""
    with database.reading() as connection:
        clip_id, user_id = _clip(connection, clip), _rater(connection, rater)
        key = _of(connection, clip_id, user_id)
    if key is None:
        raise NotFoundError(
            f"{rater} does not have the clip {clip}", fix="taver annotate status lists clips"
        )
    return key


def give(database: Database, clip: str, rater: str, now_ns: int) -> int:
    """Give a clip to a rater, also when it has all the raters that were wanted."""
    with database.drawing() as connection:
        clip_id, user_id = _clip(connection, clip), int(accounts.by_name(connection, rater).id)
        if user_id not in places.annotators(connection):
            raise InputError(
                f"{rater} is no annotator who may log in",
                fix="choose an annotator: taver annotate people ls",
            )
        if _of(connection, clip_id, user_id) is not None:
            raise AlreadyThereError(
                f"{rater} has, or had, the clip {clip} already",
                fix="to let them go on with it: --reopen --reason ...",
            )
        return places.give(connection, None, clip_id, user_id, now_ns)


def told(database: Database, clip: str) -> str:
    """Say who has a clip, and how far each is."""
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(users.c.name, assignments.c.state)
            .join(users, users.c.id == assignments.c.user_id)
            .where(assignments.c.clip_id == _clip(connection, clip))
            .order_by(users.c.name)
        ).all()
    words = {State.EXCLUDED: "left out", State.WITHDRAWN: "taken away"}
    said = [f"{row.name} ({words.get(State(row.state), row.state)})" for row in rows]
    return f"{clip}: {', '.join(said) or 'nobody'}"


def _clip(connection: Connection, name: str) -> int:
    key = connection.execute(
        sa.select(clips.c.id).where(clips.c.name == name, clips.c.removed_ns.is_(None))
    ).scalar()
    if key is None:
        raise NotFoundError(
            f"There is no clip {name!r}", fix="taver annotate status lists those there are"
        )
    return int(key)


def _rater(connection: Connection, name: str) -> int:
    """Return whose ratings are called that: of people without a name, too."""
    unnamed = connection.execute(
        sa.select(users.c.id).where(users.c.folded == name.casefold(), users.c.erased_ns > 0)
    ).scalar()
    return int(accounts.by_name(connection, name).id if unnamed is None else unnamed)


def _of(connection: Connection, clip_id: int, user_id: int) -> int | None:
    key = connection.execute(
        sa.select(assignments.c.id).where(
            assignments.c.clip_id == clip_id, assignments.c.user_id == user_id
        )
    ).scalar()
    return None if key is None else int(key)
