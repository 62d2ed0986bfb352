"""Intervals of agreement by a block bootstrap.

A rater's slider stands or drifts for seconds, so frames a tenth of a second apart say nearly the
same: drawn singly they would make intervals several times too narrow. Stretches of ten seconds are
drawn instead, whole, within which frames may depend on each other as they do. What is drawn are
stretches of these clips by these raters: other people are not in the interval.

Percentiles of resamples are too narrow where stretches are few, as a normal interval is beside
Student's: they are taken as far out as Student's is (Hesterberg 2015, "expanded percentile").
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.errors import InputError
from taver.labels.agreement import FIGURES, agreement, figures_of, matrix
from taver.labels.sums import drawn_anew, sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

BLOCK_S: Final = 10.0
RESAMPLES: Final = 1000
_LEAST_BLOCKS: Final = 8
_MOST_UNDEFINED: Final = 0.05  # of the resamples


class Interval(NamedTuple):
    """Where a figure may lie with other stretches of the clips; NaN, and why, where unknown."""

    low: float
    high: float
    why: str = ""


def intervals(
    values: npt.ArrayLike,
    *,
    step_s: float,
    starts: Sequence[int] = (0,),
    block_s: float = BLOCK_S,
    resamples: int = RESAMPLES,
    percent: float = 95.0,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return an interval for every figure; `starts` are the first frames of clips put together."""
    table = matrix(values)
    if block_s <= 0 or step_s <= 0 or resamples < 100 or not 0 < percent < 100:
        raise InputError(
            f"{resamples} resamples of {block_s:g} s, {percent:g} %",
            fix="give blocks longer than 0 s, 100 resamples or more, and 1 to 99 percent",
        )
    blocks = cut(len(table), starts, max(round(block_s / step_s), 1))
    if len(blocks) < _LEAST_BLOCKS:
        why = f"too few stretches of {block_s:g} s: {len(blocks)}, and {_LEAST_BLOCKS} are needed"
        return dict.fromkeys(FIGURES, Interval(float("nan"), float("nan"), why))
    lacking = agreement(table).why
    weights = np.random.default_rng(seed).multinomial(
        len(blocks), np.full(len(blocks), 1.0 / len(blocks)), size=resamples
    )
    drawn = figures_of(drawn_anew(sums(table, blocks), weights.astype(np.float64)))
    outside = 100.0 * expanded(0.5 - percent / 200.0, len(blocks))
    return {
        name: _interval(drawn[name], outside, lacking[name].told if name in lacking else "")
        for name in FIGURES
    }


def cut(frames: int, starts: Sequence[int], block: int) -> npt.NDArray[np.int64]:
    """Return the first frame of each block; none reaches over two clips, none is under half."""
    ends = [*list(starts)[1:], frames][: len(starts)]
    firsts: list[int] = []
    for start, end in zip(starts, ends, strict=True):
        count = max(round((end - start) / block), 1)
        firsts += [start + round(n * (end - start) / count) for n in range(count)]
    return np.array(sorted({first for first in firsts if first < frames}), dtype=np.int64)


def expanded(tail: float, blocks: int) -> float:
    """Return the share of resamples to leave out on each side for an error of `tail` there.

    Student's quantile by Cornish and Fisher's series, to three digits from 7 degrees of freedom on.
    """
    normal, free = NormalDist(), blocks - 1
    z = normal.inv_cdf(tail)
    student = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
    return normal.cdf(student * (blocks / free) ** 0.5)


def _interval(values: npt.NDArray[np.float64], outside: float, why: str) -> Interval:
    known = values[~np.isnan(values)]
    if not why and len(known) < (1.0 - _MOST_UNDEFINED) * len(values):
        why = "in too many resamples it does not exist"
    if why:
        return Interval(float("nan"), float("nan"), why)
    low, high = np.percentile(known, [outside, 100.0 - outside])
    return Interval(float(low), float(high))
