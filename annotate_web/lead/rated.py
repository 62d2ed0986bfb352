"""What was said of a clip so far: every rater's values at its frames, the fused ones, the flags."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from annotate_web.db.tables import Kind, State, assignments, clips, events, sittings, users
from annotate_web.events.tracks import frame_times, replayed
from annotate_web.lead.flags import Flag, Noticed, flags_of
from taver.labels.agreement import Agreement, agreement, together
from taver.labels.fuse import Fused, fuse
from taver.labels.resample import closed
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt
    from sqlalchemy.engine import Connection, Row

    Floats = npt.NDArray[np.float64]

_MOST_KEPT: Final = 512  # replayed ratings; one of four minutes takes 40 kB
_kept: dict[Any, _Said] = {}
_one_at_a_time = threading.Lock()


class _Said(NamedTuple):
    """What the frames were given, and how many were passed: with a face not visible, and in all."""

    values: Mapping[Dimension, Floats]
    unseen: int
    passed: int  # each frame as often as it was passed


class Comment(NamedTuple):
    """What somebody wrote at a frame."""

    rater: str
    frame: int | None
    text: str


class Rating(NamedTuple):
    """All that one rater said of one clip."""

    assignment: int
    user_id: int
    rater: str
    state: State
    reason: str
    values: Mapping[Dimension, Floats]  # one a frame; NaN where nothing was said
    covered: float  # share of the frames with a value
    noticed: Noticed

    @property
    def judged(self) -> float:
        """Return the share of the frames with a value, or on which the face cannot be seen."""
        return self.covered + self.noticed.unseen / max(1, len(self.values[Dimension.AROUSAL]))

    @property
    def counts(self) -> bool:
        """Whether it is part of the fused trace and the agreement."""
        return self.state is State.DONE


class Rated(NamedTuple):
    """A clip with all its ratings; those that do not count are in it, too."""

    clip: Row[Any]
    frame_unix_ns: npt.NDArray[np.int64]
    ratings: Sequence[Rating]

    @property
    def counted(self) -> list[Rating]:
        """Return the ratings that are done and not left out."""
        return [rating for rating in self.ratings if rating.counts]

    def table(self, dimension: Dimension) -> Floats:
        """Return the values that count, a row a frame and a column a rater, short gaps closed."""
        if not self.counted:
            return np.empty((len(self.frame_unix_ns), 0))
        return together(
            {
                rating.rater: closed(rating.values[dimension], self.frame_unix_ns).values
                for rating in self.counted
            }
        )

    def fused(self, dimension: Dimension) -> Fused:
        """Return the mean of all who count."""
        return fuse(self.table(dimension), names=[r.rater for r in self.counted])

    def agreement(self, dimension: Dimension) -> Agreement:
        """Return how well those who count agree."""
        return agreement(self.table(dimension), [r.rater for r in self.counted])

    def flags(self, rating: Rating) -> list[Flag]:
        """Return what is odd about one of the ratings; said of those who are done."""
        if rating.state not in {State.DONE, State.EXCLUDED}:
            return []
        others = [other for other in self.counted if other.assignment != rating.assignment]
        columns = {
            dimension: np.stack([other.values[dimension] for other in others], axis=1)
            if others
            else np.empty((len(self.frame_unix_ns), 0))
            for dimension in Dimension
        }
        return flags_of(rating.values, columns, rating.noticed)


def in_use(connection: Connection, *, practice: bool = False) -> Sequence[Row[Any]]:
    """Return the clips that are annotated now, by session and time."""
    return connection.execute(
        sa.select(clips)
        .where(clips.c.removed_ns.is_(None), clips.c.practice.is_(practice))
        .order_by(clips.c.session, clips.c.from_unix_ns)
    ).all()


def of_clips(connection: Connection, wanted: Iterable[Row[Any]]) -> list[Rated]:
    """Return each of these clips with its ratings."""
    rows = list(wanted)
    by_clip: dict[int, list[Rating]] = {row.id: [] for row in rows}
    for found in _assignments(connection, list(by_clip)):
        by_clip[found[0]].append(found[1])
    return [Rated(row, frame_times(row.frame_unix_ns), by_clip[row.id]) for row in rows]


def comments(connection: Connection, clip_id: int) -> list[Comment]:
    """Return what raters wrote while they watched."""
    rows = connection.execute(
        sa.select(users.c.name, events.c.frame, events.c.body)
        .select_from(events)
        .join(sittings, sittings.c.id == events.c.sitting_id)
        .join(assignments, assignments.c.id == sittings.c.assignment_id)
        .join(users, users.c.id == assignments.c.user_id)
        .where(assignments.c.clip_id == clip_id, events.c.kind == Kind.COMMENT)
        .order_by(events.c.frame, events.c.received_ns, events.c.seq)
    )
    return [Comment(name, frame, str((body or {}).get("text", ""))) for name, frame, body in rows]


def _assignments(connection: Connection, clip_ids: list[int]) -> list[tuple[int, Rating]]:
    rows = connection.execute(
        sa.select(assignments, users.c.name.label("rater"), clips.c.frames)
        .join(users, users.c.id == assignments.c.user_id)
        .join(clips, clips.c.id == assignments.c.clip_id)
        .where(assignments.c.clip_id.in_(clip_ids))
        .order_by(assignments.c.clip_id, users.c.name)
    ).all()
    heard = _heard(connection, [row.id for row in rows])
    noticed = _noticed(connection, [row.id for row in rows])
    found = []
    for row in rows:
        values, unseen, passed = _said(connection, row.id, row.frames, heard.get(row.id, ()))
        covered = float(np.mean([np.isfinite(v).mean() for v in values.values()]))
        rating = Rating(
            row.id, row.user_id, row.rater, State(row.state), row.reason or "", values, covered,
            noticed.get(row.id, Noticed())._replace(unseen=unseen, passed=passed),
        )  # fmt: skip
        found.append((row.clip_id, rating))
    return found


def _heard(connection: Connection, of: list[int]) -> dict[int, tuple[Any, ...]]:
    """Return what changes whenever an event of an assignment comes in."""
    marks: dict[int, tuple[Any, ...]] = {}
    for row in connection.execute(
        sa.select(
            sittings.c.assignment_id, sittings.c.id, sittings.c.heard_ns,
            sa.func.count(events.c.seq),
        )
        .join(events, events.c.sitting_id == sittings.c.id, isouter=True)
        .where(sittings.c.assignment_id.in_(of))
        .group_by(sittings.c.assignment_id, sittings.c.id, sittings.c.heard_ns)
        .order_by(sittings.c.id)
    ):  # fmt: skip
        marks[row[0]] = (*marks.get(row[0], ()), tuple(row[1:]))
    return marks


def _said(connection: Connection, assignment: int, frames: int, mark: tuple[Any, ...]) -> _Said:
    if not mark:
        return _Said(_nothing(frames), 0, 0)
    # Sittings' numbers are random, so two databases cannot be mixed up.
    with _one_at_a_time:
        kept = _kept.get(mark)
    if kept is not None:
        return kept
    values, passed, _ = replayed(connection, assignment)
    silent = np.all([np.isnan(array) for array in values.values()], axis=0)
    said = _Said(values, int(((passed > 0) & silent).sum()), int(passed.sum()))
    for array in values.values():
        array.flags.writeable = False
    with _one_at_a_time:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[mark] = said
    return said


@functools.lru_cache(maxsize=32)
def _nothing(frames: int) -> Mapping[Dimension, Floats]:
    nothing = np.full(frames, np.nan)
    nothing.flags.writeable = False
    return dict.fromkeys(Dimension, nothing)


def _noticed(connection: Connection, of: list[int]) -> dict[int, Noticed]:
    found: dict[int, Noticed] = {}
    told = (Kind.DROPPED, Kind.LAG, Kind.REFUSED)
    for assignment, kind, total, worst, count in connection.execute(
        sa.select(
            sittings.c.assignment_id, events.c.kind, sa.func.sum(events.c.value),
            sa.func.max(events.c.value), sa.func.count(),
        )
        .join(events, events.c.sitting_id == sittings.c.id)
        .where(sittings.c.assignment_id.in_(of), events.c.kind.in_(told))
        .group_by(sittings.c.assignment_id, events.c.kind)
    ):  # fmt: skip
        before = found.get(assignment, Noticed())
        match Kind(kind):
            case Kind.DROPPED:
                found[assignment] = before._replace(dropped=int(total or 0))
            case Kind.LAG:
                found[assignment] = before._replace(worst_lag_ms=float(worst or 0))
            case _:
                found[assignment] = before._replace(refused=int(count))
    return found
