"""How late each rater reacts: against the others, or against a reference.

A pair's lag is where the correlation of one with the shifted other is highest, over all shifts up
to the longest, with gaps left out (sums of products by Fourier transform). Any two traces have such
a shift: only pairs that correlate more clearly than traces that know nothing of each other are
used, see `taver.labels.chance`. From the raters alone only differences can be found: each rater's
lag is the least-squares solution of those pairs, weighted by how clearly each correlates, and the
median rater is taken as prompt. Against a reference the whole lag is found.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.nearest import nearest
from taver.labels.chance import by_chance

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Times = npt.NDArray[np.int64]

MOST_S: Final = 6.0  # reactions take 1 to 6 s
_LEAST_SHARE: Final = 0.5  # of the frames that overlap without a shift; fewer tell nothing
_LEAST_FRAMES: Final = 10
CHANCE: Final = 0.02  # that of raters who know nothing of each other any is given a lag


class Lags(NamedTuple):
    """What was found, one value a rater; positive: that much later than the others."""

    seconds: Floats  # NaN where it cannot be told
    clearness: Floats  # the highest correlation, or the mean of those with the others
    chance: Floats  # how often chance alone is as clear, somewhere among all that were compared
    absolute: bool  # against a reference
    groups: int = 1  # of raters who go together; each has a median rater


def relative(values: Floats, unix_ns: Times, *, most_s: float = MOST_S) -> Lags:
    """Return how much later than the median rater each is.

    Where two groups of raters go together only among themselves, each has a median rater.
    """
    raters = values.shape[1]
    on_grid, step_s = evenly(values, unix_ns)
    most = int(most_s / step_s + 1e-6)
    pairs = list(combinations(range(raters), 2))
    odds = by_chance(on_grid, pairs, range(-most, most + 1))
    clear, chance = np.full((2, raters, raters), np.nan)
    linked = np.eye(raters, dtype=bool)
    rows, lags, weights = [], [], []
    for (one, other), odd in zip(pairs, odds.tolist(), strict=True):
        lag, r = best(on_grid[:, one], on_grid[:, other], most=most)
        clear[one, other] = clear[other, one] = r
        chance[one, other] = chance[other, one] = odd
        if not (r > 0 and odd <= CHANCE):  # they contradict each other, or it may be noise
            continue
        row = np.zeros(raters)
        row[[one, other]] = 1.0, -1.0
        rows.append(row)
        lags.append(lag)
        weights.append(r)
        linked[one, other] = linked[other, one] = True
    seconds = np.full(raters, np.nan)
    groups = [group for group in _groups(linked) if len(group) > 1]
    if rows:
        # The correlation's square: what share of one rater's movement the other explains.
        scale = np.array(weights)
        solved = np.linalg.lstsq(np.array(rows) * scale[:, None], np.array(lags) * scale)[0]
        for group in groups:
            seconds[group] = (solved[group] - np.median(solved[group])) * step_s
    return Lags(
        seconds,
        _by_rater(np.mean, clear),
        _by_rater(np.min, chance),
        absolute=False,
        groups=len(groups),
    )


def absolute(values: Floats, reference: Floats, unix_ns: Times, *, most_s: float = MOST_S) -> Lags:
    """Return how much later than the reference each rater is; never earlier."""
    on_grid, step_s = evenly(np.column_stack([values, reference]), unix_ns)
    most, raters = int(most_s / step_s + 1e-6), values.shape[1]
    chance = by_chance(on_grid, [(n, raters) for n in range(raters)], range(most + 1))
    found = [best(on_grid[:, n], on_grid[:, -1], most=most, least=0) for n in range(raters)]
    clear = np.array([r for _, r in found], dtype=np.float64)
    seconds = np.array([lag * step_s for lag, _ in found], dtype=np.float64)
    told = (clear > 0) & (chance <= CHANCE)
    return Lags(np.where(told, seconds, np.nan), clear, chance, absolute=True)


def _by_rater(how: Callable[[Floats], Any], pairs: Floats) -> Floats:
    """Return of each rater what stands with the others; NaN where nothing does."""
    rows = [row[~np.isnan(row)] for row in pairs]
    return np.array([how(row) if len(row) else np.nan for row in rows], dtype=np.float64)


def _groups(linked: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Return who is linked to whom, directly or over others."""
    left, groups = set(range(len(linked))), list[list[int]]()
    while left:
        group, new = set[int](), {min(left)}
        while new:
            group |= new
            new = {int(n) for one in new for n in np.flatnonzero(linked[one])} - group
        groups.append(sorted(group))
        left -= group
    return groups


def best(late: Floats, prompt: Floats, *, most: int, least: int | None = None) -> tuple[int, float]:
    """Return by how many steps `late` follows `prompt`, least to most, and how well it does.

    Without `least`, as far the other way. NaN where no shift leaves enough that moves.
    """
    most = min(most, max(len(late) - 1, 0))
    shifts = np.arange(-most if least is None else least, most + 1)
    r = correlation_by_shift(late, prompt)[shifts]  # negative shifts stand at the end
    if np.isnan(r).all():
        return 0, float("nan")
    # The smallest of equally good shifts: a slow rise fits many.
    good = np.flatnonzero(r >= np.nanmax(r) - 1e-12)
    place = int(good[np.argmin(np.abs(shifts[good]))])
    return int(shifts[place]), float(r[place])


def correlation_by_shift(late: Floats, prompt: Floats) -> Floats:
    """Return r of late[t + shift] with prompt[t] for every shift, at index `shift`."""
    size = 1 << (2 * len(late) - 1).bit_length()
    there = [~np.isnan(late), ~np.isnan(prompt)]
    if not (there[0].any() and there[1].any()):
        return np.full(size, np.nan)
    parts = []
    for values, said in zip((late, prompt), there, strict=True):
        around = np.where(said, values - values[said].mean(), 0.0)
        scale = np.abs(around).max() or 1.0
        around = around / scale
        parts.append([np.fft.rfft(one, size) for one in (said.astype(float), around, around**2)])

    def summed(one: npt.NDArray[np.complex128], other: npt.NDArray[np.complex128]) -> Floats:
        return np.asarray(np.fft.irfft(one * np.conj(other), size))

    (mask_l, late_1, late_2), (mask_p, prompt_1, prompt_2) = parts
    count = np.round(summed(mask_l, mask_p))
    enough = max(_LEAST_SHARE * count[0], _LEAST_FRAMES)
    n = np.where(count >= enough, count, np.nan)
    sum_l, sum_p = summed(late_1, mask_p), summed(mask_l, prompt_1)
    spread_l = summed(late_2, mask_p) - sum_l**2 / n
    spread_p = summed(mask_l, prompt_2) - sum_p**2 / n
    shared = summed(late_1, prompt_1) - sum_l * sum_p / n
    moving = (spread_l > 1e-9 * n) & (spread_p > 1e-9 * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(moving, shared / np.sqrt(spread_l * spread_p), np.nan))


def shifted(values: Floats, unix_ns: Times, lags_s: Floats) -> Floats:
    """Take each rater's lag away: what was said that much later is what was meant of a frame.

    The value nearest in time is taken; NaN where there is none within a frame's time.
    """
    moved = np.full(values.shape, np.nan)
    if not len(unix_ns):
        return moved
    reach_ns = 0.75 * _step_ns(unix_ns)
    for rater, lag_s in enumerate(np.nan_to_num(lags_s).tolist()):
        wanted = unix_ns + round(lag_s * NS_PER_S)
        place = nearest(unix_ns, wanted)
        near = np.abs(unix_ns[place] - wanted) <= reach_ns
        moved[near, rater] = values[place[near], rater]
    return moved


def evenly(values: Floats, unix_ns: Times) -> tuple[Floats, float]:
    """Return the values at even steps, and a step in seconds; NaN where frames are missing."""
    if len(unix_ns) < 2:
        return values, 1.0
    step_ns = _step_ns(unix_ns)
    place = np.round((unix_ns - unix_ns[0]) / step_ns).astype(np.int64)
    spread = np.full((int(place[-1]) + 1, values.shape[1]), np.nan)
    spread[place] = values
    return spread, step_ns / NS_PER_S


def _step_ns(unix_ns: Times) -> float:
    return float(np.median(np.diff(unix_ns))) if len(unix_ns) > 1 else float(NS_PER_S)
