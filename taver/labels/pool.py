"""Several clips' values as one table, by a rule that has a name.

Raters are those of the clip: 3 of 6, and not the same 3 everywhere. Where they are, they stand in
columns of their own; where not, a clip's raters stand in places, in order of their names. Clips
that fewer or more rated than most are left out: one that a fourth rater saw does not keep all the
others from being counted.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from taver.labels.agreement import matrix
from taver.labels.scale import centred

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Zero(enum.StrEnum):
    """Which mean is taken off before clips are put together; within a clip alpha stays the same."""

    NONE = "as given"
    CLIP = "each rater's mean of each clip taken off"
    RATER = "each rater's mean over all clips taken off"


class ClipValues(NamedTuple):
    """One clip's values of one dimension: a row a frame, a column a rater."""

    clip: str
    raters: tuple[str, ...]
    values: Floats
    step_s: float = 0.1  # between frames


class Pool(NamedTuple):
    """The clips as one table."""

    values: Floats
    columns: tuple[str, ...]
    starts: tuple[int, ...]  # the first row of each clip
    zero: Zero
    by_rater: bool
    left_out: tuple[str, ...] = ()  # clips with fewer or more raters than most have

    @property
    def rule(self) -> str:
        """Say in words how it was put together."""
        who = (
            "a column is a rater"
            if self.by_rater
            else "raters differ between clips: a column is a clip's first, second, ... by name"
        )
        return "; ".join([self.zero.value, who, *([self.without] if self.left_out else [])])

    @property
    def without(self) -> str:
        """Name the clips that were left out; empty if none was."""
        names = ", ".join(self.left_out)
        return f"without {names}, which fewer or more raters rated" if names else ""


def pooled(clips: Sequence[ClipValues], zero: Zero = Zero.NONE) -> Pool:
    """Put the clips one below the other; raters who said nothing of a clip are not in it."""
    spoken = [_spoken(clip) for clip in clips]
    if zero is Zero.CLIP:
        spoken = [one._replace(values=centred(one.values)) for one in spoken]
    elif zero is Zero.RATER:
        spoken = _less_own_mean(spoken)
    spoken = [one for one in spoken if one.raters]
    usual = _usual(spoken)
    left_out = tuple(one.clip for one in spoken if len(one.raters) != usual)
    kept = [one for one in spoken if len(one.raters) == usual]
    same = len({frozenset(one.raters) for one in kept}) <= 1
    if same:
        columns = tuple(sorted(kept[0].raters)) if kept else ()
    else:
        columns = tuple(f"place {n + 1}" for n in range(usual))
    tables = [_sorted(one) for one in kept]
    lengths = [len(table) for table in tables]
    return Pool(
        values=np.concatenate(tables) if tables else np.empty((0, len(columns))),
        columns=columns,
        starts=tuple(int(n) for n in np.cumsum([0, *lengths[:-1]])) if lengths else (),
        zero=zero,
        by_rater=same,
        left_out=left_out,
    )


def _usual(clips: Sequence[ClipValues]) -> int:
    """Return how many raters most frames have; one alone agrees with nobody, so two at least."""
    frames = Counter[int]()
    for clip in clips:
        frames[len(clip.raters)] += len(clip.values)
    several = [count for count in frames if count > 1] or list(frames)
    return max(several, key=lambda count: (frames[count], count), default=0)


def _spoken(clip: ClipValues) -> ClipValues:
    table = matrix(clip.values)
    some = np.flatnonzero(np.count_nonzero(~np.isnan(table), axis=0))
    raters = tuple(clip.raters[n] for n in some.tolist())
    return clip._replace(raters=raters, values=table[:, some])


def _less_own_mean(clips: Sequence[ClipValues]) -> list[ClipValues]:
    means: dict[str, float] = {}
    for rater in {rater for clip in clips for rater in clip.raters}:
        parts = [clip.values[:, clip.raters.index(rater)] for clip in clips if rater in clip.raters]
        means[rater] = float(np.nanmean(np.concatenate(parts)))
    return [
        clip._replace(values=clip.values - np.array([means[rater] for rater in clip.raters]))
        for clip in clips
    ]


def _sorted(clip: ClipValues) -> Floats:
    order = sorted(range(len(clip.raters)), key=lambda n: clip.raters[n])
    return clip.values[:, order]
