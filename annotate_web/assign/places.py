"""Which places of which clips are free, and who may take one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import TAKEN, Role, State, assignments, clips, users
from annotate_web.people import audit

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Clip(NamedTuple):
    """A clip that is to be annotated."""

    key: int
    frames: int
    wanted: int
    taken: int
    known: frozenset[int]  # users who have, or had, an assignment of it

    @property
    def free(self) -> int:
        """How many raters it still lacks."""
        return max(0, self.wanted - self.taken)


class Held(NamedTuple):
    """What somebody keeps from others who may not log in."""

    user_id: int
    name: str
    clips: dict[int, str]  # numbers and names


def to_annotate(connection: Connection, *, practice: bool = False) -> list[Clip]:
    """Return the clips in use, in the order they were added."""
    given: dict[int, list[tuple[int, str]]] = {}
    for clip_id, user_id, state in connection.execute(
        sa.select(assignments.c.clip_id, assignments.c.user_id, assignments.c.state)
    ):
        given.setdefault(clip_id, []).append((user_id, state))
    rows = connection.execute(
        sa.select(clips.c.id, clips.c.frames, clips.c.wanted_raters)
        .where(clips.c.removed_ns.is_(None), clips.c.practice.is_(practice))
        .order_by(clips.c.id)
    )
    return [
        Clip(
            key,
            frames,
            wanted,
            sum(state in TAKEN for _, state in given.get(key, [])),
            frozenset(user for user, _ in given.get(key, [])),
        )
        for key, frames, wanted in rows
    ]


def annotators(connection: Connection) -> list[int]:
    """Return the annotators who can be given clips."""
    return list(
        connection.execute(
            sa.select(users.c.id)
            .where(
                users.c.role == Role.ANNOTATOR,
                users.c.disabled_ns.is_(None),
                users.c.erased_ns.is_(None),
            )
            .order_by(users.c.id)
        ).scalars()
    )


def held(connection: Connection) -> list[Held]:
    """Return the clips that people still have to do who may not log in: nobody else gets these."""
    rows = connection.execute(
        sa.select(users.c.id, users.c.name, clips.c.id.label("clip_id"), clips.c.name.label("clip"))
        .select_from(assignments)
        .join(users, users.c.id == assignments.c.user_id)
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(
            assignments.c.state.in_([State.OPEN, State.WORKING]),
            users.c.disabled_ns.is_not(None),
            clips.c.removed_ns.is_(None),
            clips.c.practice.is_(sa.false()),
        )
        .order_by(users.c.name, clips.c.name)
    )
    found: dict[int, Held] = {}
    for row in rows:
        found.setdefault(row.id, Held(row.id, row.name, {})).clips[row.clip_id] = row.clip
    return list(found.values())


def give(
    connection: Connection,
    by: int | None,
    clip_id: int,
    user_id: int,
    now_ns: int,
    *,
    seed: int | None = None,
    position: int | None = None,
) -> int:
    """Make an assignment, behind the user's others if no position is given; return its number."""
    if position is None:
        last = connection.execute(
            sa.select(sa.func.max(assignments.c.position)).where(assignments.c.user_id == user_id)
        ).scalar()
        position = (last or 0) + 1
    made: int = connection.execute(
        sa.insert(assignments)
        .values(
            clip_id=clip_id,
            user_id=user_id,
            position=position,
            state=State.OPEN,
            seed=seed,
            made_ns=now_ns,
        )
        .returning(assignments.c.id)
    ).scalar_one()
    audit.record(
        connection, now_ns, by, "assigned", f"assignment {made}", {"clip": clip_id, "user": user_id}
    )
    return made


def give_practice(connection: Connection, user_id: int, now_ns: int) -> None:
    """Give a user the practice clips that they do not have yet; they come first."""
    for clip in to_annotate(connection, practice=True):
        if user_id not in clip.known:
            give(connection, None, clip.key, user_id, now_ns, position=0)
