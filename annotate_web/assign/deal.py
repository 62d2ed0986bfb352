"""Deals the free places of all clips out: everybody much the same, by a seed, in random order."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.assign import places
from annotate_web.assign.even import even_out
from annotate_web.db.tables import TAKEN, assignments, clips
from annotate_web.people import audit
from taver.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from annotate_web.assign.places import Clip
    from annotate_web.db.open import Database

_HIGHEST_SEED: Final = 2**63 - 1  # it is kept beside what it drew


class Dealt(NamedTuple):
    """What a draw gave out."""

    seed: int
    made: int
    lacking: int  # places that nobody is left for


def deal(database: Database, by: int | None, now_ns: int, *, seed: int | None = None) -> Dealt:
    """Give each clip the raters it lacks. The same seed on the same state draws the same."""
    seed = secrets.randbits(31) if seed is None else seed
    if not 0 <= seed <= _HIGHEST_SEED:
        raise InputError(
            f"A seed is a whole number from 0 to {_HIGHEST_SEED}", fix="choose one of these"
        )
    with database.drawing() as connection:
        people = places.annotators(connection)
        wanted = places.to_annotate(connection)
        drawn = draw(wanted, people, _loads(connection), seed)
        for user_id, clip_ids in drawn.items():
            for clip_id in clip_ids:
                places.give(connection, by, clip_id, user_id, now_ns, seed=seed)
        for user_id in people:
            places.give_practice(connection, user_id, now_ns)
        made = sum(len(clip_ids) for clip_ids in drawn.values())
        dealt = Dealt(seed, made, sum(clip.free for clip in wanted) - made)
        audit.record(connection, now_ns, by, "dealt", "all clips", dealt._asdict())
    return dealt


def draw(
    wanted: Sequence[Clip], people: Sequence[int], loads: Mapping[int, int], seed: int
) -> dict[int, list[int]]:
    """Return who gets which clips, in which order.

    Long clips are given out first and each to whoever has the fewest frames so far, chance
    deciding between equals; then clips go on to whom would have less: so all have much the same to
    do, whatever they had before. The order is then shuffled.
    """
    chance = random.Random(seed)  # noqa: S311  a draw that can be repeated
    load = {user: loads.get(user, 0) for user in people}
    given: dict[int, list[int]] = {user: [] for user in people}
    shuffled = list(wanted)
    chance.shuffle(shuffled)
    for clip in sorted(shuffled, key=lambda clip: -clip.frames):
        able = [user for user in people if user not in clip.known]
        chance.shuffle(able)
        for user in sorted(able, key=lambda user: load[user])[: clip.free]:
            given[user].append(clip.key)
            load[user] += clip.frames
    even_out(given, load, {clip.key: clip for clip in wanted})
    for clip_ids in given.values():
        chance.shuffle(clip_ids)
    return given


def _loads(connection: Connection) -> dict[int, int]:
    """Return how many frames each user has, or had, to annotate."""
    rows = connection.execute(
        sa.select(assignments.c.user_id, sa.func.sum(clips.c.frames))
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(assignments.c.state.in_(TAKEN), clips.c.practice.is_(sa.false()))
        .group_by(assignments.c.user_id)
    )
    return {user_id: int(frames) for user_id, frames in rows}
