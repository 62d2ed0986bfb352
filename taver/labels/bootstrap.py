"""Intervals of agreement by a block bootstrap.

A rater's slider stands or drifts for seconds, so frames a tenth of a second apart say nearly the
same: drawn singly they would make intervals several times too narrow. Stretches of forty seconds
are drawn instead, whole and from anywhere, so that they overlap (Kuensch 1989). What is drawn are
stretches of these clips by these raters: other people are not in the interval.

Few stretches tell too little of how a figure varies: the spread of the resamples is divided by what
it falls short of on average, and taken as often as Student's quantile says for the freedom that is
left (Kiefer and Vogelsang 2005, for the weights that overlapping stretches amount to). It is
measured on a scale on which it hardly depends on the figure itself, see `taver.labels.even`.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.errors import InputError
from taver.labels import even
from taver.labels.agreement import FIGURES, agreement, figures_of, matrix
from taver.labels.sums import drawn_anew, sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from taver.labels.even import Scale

    Floats = npt.NDArray[np.float64]

BLOCK_S: Final = 40.0
RESAMPLES: Final = 1000
_CELLS: Final = 8  # a stretch begins at any eighth of another
_LEAST_CELLS: Final = 16
_MOST_SHARE: Final = 4  # a stretch is a quarter of all at most
_MOST_UNDEFINED: Final = 0.05  # of the resamples
_NO_SPREAD: Final = 1e-12  # what is left of nothing after rounding


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
    frames = max(round(block_s / _CELLS / step_s), 1)
    cells = cut(len(table), starts, frames)
    if len(cells) < _LEAST_CELLS:
        why = (
            f"too few stretches of {frames * step_s:g} s: {len(cells)}, and {_LEAST_CELLS} "
            "are needed"
        )
        return dict.fromkeys(FIGURES, Interval(float("nan"), float("nan"), why))
    long = min(max(round(block_s / step_s / frames), 1), len(cells) // _MOST_SHARE)
    found = agreement(table)
    weights = drawn(np.random.default_rng(seed), len(cells), long, resamples)
    resampled = figures_of(drawn_anew(sums(table, cells), weights))
    reach = reached(0.5 - percent / 200.0, long / len(cells))
    return {
        name: Interval(float("nan"), float("nan"), found.why[name].told)
        if name in found.why
        else _interval(getattr(found, name), resampled[name], reach, even.SCALES[name])
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


def drawn(rng: np.random.Generator, cells: int, long: int, resamples: int) -> Floats:
    """Return how often each cell is in each resample of stretches of `long` cells.

    A stretch goes on at the first cell behind the last one: every cell is drawn as often. Of the
    last stretch only as much is taken as there is room for.
    """
    begins = rng.integers(0, cells, size=(resamples, -(-cells // long)))
    places = (begins[:, :, None] + np.arange(long)).reshape(resamples, -1)[:, :cells] % cells
    places += np.arange(resamples)[:, None] * cells
    counted = np.bincount(places.ravel(), minlength=resamples * cells)
    return counted.reshape(resamples, cells).astype(np.float64)


def reached(tail: float, share: float) -> float:
    """Return how many spreads of the resamples an interval reaches to each side.

    `share` is that of a stretch in all. Resamples vary less than the figure does, by the factor in
    the root, and their spread is known with 1.5 / share degrees of freedom. Student's quantile is
    by Cornish and Fisher's series, to three digits from 7 degrees of freedom on.
    """
    z, free = -NormalDist().inv_cdf(tail), 1.5 / share
    student = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
    return float(student / (1.0 - share + share**2 / 3.0) ** 0.5)


def _interval(value: float, resampled: Floats, reach: float, scale: Scale) -> Interval:
    if np.ptp(resampled) <= _NO_SPREAD * abs(value):  # they say the same wherever one looks
        return Interval(value, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle, around = scale.there(np.array(value)), scale.there(resampled)
    known = around[np.isfinite(around)]
    if not np.isfinite(middle) or len(known) < (1.0 - _MOST_UNDEFINED) * len(around):
        return Interval(float("nan"), float("nan"), "in too many resamples it does not exist")
    far = reach * float(known.std())
    low, high = scale.back(np.array([middle - far, middle + far]))
    return Interval(float(low), float(high))
