"""How far an annotation has come, by clip and by annotator, and how well all agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from annotate_web.db.tables import TAKEN, Role, State, users
from annotate_web.lead.rated import Rated, in_use, of_clips
from annotate_web.media.check import missing
from taver.labels.agreement import Agreement, agreement
from taver.labels.pool import ClipValues, Zero, pooled
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from sqlalchemy.engine import Connection, Row

    from annotate_web.lead.flags import Flag

    Floats = npt.NDArray[np.float64]


class ByClip(NamedTuple):
    """One clip's progress; agreement where two or more are done."""

    clip: Row[Any]
    taken: int
    done: int
    covered: float  # of all that is wanted
    agreement: Mapping[Dimension, Agreement]
    flags: int
    lost: bool  # its film is not there
    blind: bool  # whoever asks annotates it, too, and is not done


class ByAnnotator(NamedTuple):
    """One annotator's progress."""

    user: Row[Any]
    states: Mapping[State, int]
    frames_done: int
    frames_given: int
    flags: Mapping[str, int]  # kind: how often


class Pooled(NamedTuple):
    """Agreement over all clips, and by which rule they were put together."""

    of: Mapping[Dimension, Agreement]
    zero: Zero
    by_rater: bool
    left_out: tuple[str, ...]


class Overview(NamedTuple):
    """All of it."""

    clips: Sequence[ByClip]
    annotators: Sequence[ByAnnotator]
    pooled: Sequence[Pooled]
    fused: Mapping[Dimension, Floats]  # of all clips, one after the other

    @property
    def places(self) -> tuple[int, int, int]:
        """Return how many of the ratings that are wanted are done, given out, and wanted.

        What a clip has beyond them fills no other clip's place.
        """
        wanted = [one.clip.wanted_raters for one in self.clips]
        done = sum(min(one.done, most) for one, most in zip(self.clips, wanted, strict=True))
        taken = sum(min(one.taken, most) for one, most in zip(self.clips, wanted, strict=True))
        return done, taken, sum(wanted)


def overview(connection: Connection, media: Path, blind: Collection[int] = frozenset()) -> Overview:
    """Look at everything; of clips in `blind` no values are told."""
    rated = of_clips(connection, in_use(connection))
    lost = set(missing(media, (one.clip for one in rated)))
    open_to_see = [one for one in rated if one.clip.id not in blind]
    flags = {rating.assignment: one.flags(rating) for one in open_to_see for rating in one.ratings}
    by_clip = [_by_clip(one, flags, lost, blind) for one in rated]
    return Overview(
        by_clip,
        [_by_annotator(row, rated, flags) for row in _people(connection, rated)],
        [_pooled(open_to_see, zero) for zero in (Zero.NONE, Zero.CLIP)],
        {
            dimension: np.concatenate(
                [np.empty(0), *(one.fused(dimension).values for one in open_to_see if one.counted)]
            )
            for dimension in Dimension
        },
    )


def _by_clip(
    rated: Rated, flags: Mapping[int, Sequence[Flag]], lost: Collection[str], blind: Collection[int]
) -> ByClip:
    taken = [rating for rating in rated.ratings if rating.state in TAKEN]
    hidden = rated.clip.id in blind
    several = not hidden and len(rated.counted) > 1
    return ByClip(
        rated.clip,
        len(taken),
        len(rated.counted),
        min(1.0, sum(r.judged for r in taken) / max(1, rated.clip.wanted_raters)),
        {dimension: rated.agreement(dimension) for dimension in Dimension} if several else {},
        sum(len(flags.get(rating.assignment, ())) for rating in rated.ratings),
        rated.clip.name in lost,
        hidden,
    )


def _by_annotator(
    user: Row[Any], rated: Sequence[Rated], flags: Mapping[int, Sequence[Flag]]
) -> ByAnnotator:
    states = dict.fromkeys(State, 0)
    done = given = 0
    found: dict[str, int] = {}
    for one in rated:
        for rating in one.ratings:
            if rating.user_id != user.id:
                continue
            states[rating.state] += 1
            if rating.state in TAKEN:
                given += one.clip.frames
                done += round(rating.judged * one.clip.frames)
            for flag in flags.get(rating.assignment, ()):
                found[flag.kind] = found.get(flag.kind, 0) + 1
    return ByAnnotator(user, states, done, given, found)


def _people(connection: Connection, rated: Sequence[Rated]) -> Sequence[Row[Any]]:
    """Return everybody who annotates or did, leads who rate as well."""
    given = {rating.user_id for one in rated for rating in one.ratings}
    return connection.execute(
        sa.select(users)
        .where(
            sa.or_(
                sa.and_(users.c.role == Role.ANNOTATOR, users.c.erased_ns.is_(None)),
                users.c.id.in_(given),
            )
        )
        .order_by(users.c.name)
    ).all()


def _pooled(rated: Sequence[Rated], zero: Zero) -> Pooled:
    found = {}
    by_rater, left_out = True, tuple[str, ...]()
    for dimension in Dimension:
        values = [
            ClipValues(one.clip.name, tuple(r.rater for r in one.counted), one.table(dimension))
            for one in rated
            if one.counted
        ]
        if not values:
            continue
        pool = pooled(values, zero)
        found[dimension] = agreement(pool.values, pool.columns)
        by_rater, left_out = pool.by_rater, pool.left_out
    return Pooled(found, zero, by_rater, left_out)
