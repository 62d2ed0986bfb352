"""How near predictions are to the truth: RMSE, CC and CCC, of all frames and of each person.

Moments are of the population (ddof 0), in float64, as in the paper; `ddof=1` is there to compare
with programs that count otherwise. CCC is Lin's: 2 cov / (var + var + (difference of means)^2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

NAMES: Final = ("rmse", "cc", "ccc")
_CONSTANT: Final = "the predictions are one constant value"
_CONSTANT_TRUTH: Final = "the truth is one constant value"
_TOO_FEW: Final = "there are fewer than two values"
# Beside rounding: a sequence whose spread is below this share of its size does not vary.
_ROUNDING: Final = 1e-14


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """RMSE, CC and CCC over `n` values; NaN has its reason."""

    n: int
    rmse: float
    cc: float
    ccc: float
    reason: str = ""

    def in_words(self) -> str:
        """Say it in one line."""
        said = f"RMSE {self.rmse:.3f}, CC {self.cc:.3f}, CCC {self.ccc:.3f} (n = {self.n})"
        return f"{said}: {self.reason}" if self.reason else said


class Interval(NamedTuple):
    """Between which values a score lies in so many of all drawn samples."""

    low: float
    high: float


def scores(predicted: npt.ArrayLike, true: npt.ArrayLike) -> Scores:
    """Return all three; values that are not known on either side have to be left out before."""
    p, t = _pair(predicted, true)
    reason = _reason(p, t)
    return Scores(n=len(p), rmse=rmse(p, t), cc=cc(p, t), ccc=ccc(p, t), reason=reason)


def rmse(predicted: npt.ArrayLike, true: npt.ArrayLike) -> float:
    """Return the root of the mean squared error."""
    p, t = _pair(predicted, true)
    return float(np.sqrt(np.mean((p - t) ** 2))) if len(p) else float("nan")


def cc(predicted: npt.ArrayLike, true: npt.ArrayLike) -> float:
    """Return Pearson's correlation; NaN where one side does not vary."""
    p, t = _pair(predicted, true)
    if _reason(p, t):
        return float("nan")
    p, t = p - p.mean(), t - t.mean()
    return float((p @ t) / np.sqrt((p @ p) * (t @ t)))


def ccc(predicted: npt.ArrayLike, true: npt.ArrayLike, *, ddof: int = 0) -> float:
    """Return Lin's concordance; 0 where one side does not vary, NaN where neither does."""
    p, t = _pair(predicted, true)
    if len(p) < 2 or (_constant(p) and _constant(t)):
        return float("nan")
    if _constant(p) or _constant(t):
        return 0.0
    apart = p.mean() - t.mean()
    p, t = p - p.mean(), t - t.mean()
    count = len(p) - ddof
    return float(2 * (p @ t) / count / ((p @ p) / count + (t @ t) / count + apart**2))


def or_none(value: float) -> float | None:
    """Return a score as JSON can hold it, which knows no NaN."""
    return float(value) if np.isfinite(value) else None


def mean_of(each: Mapping[str, Scores]) -> Scores:
    """Return the mean over people of their own scores; who has none (NaN) is left out of it."""
    values = {}
    for name in NAMES:
        known = [v for v in (getattr(one, name) for one in each.values()) if np.isfinite(v)]
        values[name] = float(np.mean(known)) if known else float("nan")
    without = [person for person, one in each.items() if not np.isfinite(one.cc)]
    reason = f"without the CC of {', '.join(without)}" if without else ""
    return Scores(n=sum(one.n for one in each.values()), reason=reason, **values)


def bootstrap(
    people: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    block: int,
    draws: int = 1000,
    share: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return intervals of the scores over all frames, from (predicted, true) of each person.

    People are drawn with replacement, and of each drawn person blocks of `block` neighbouring
    frames: single frames follow one another too closely to be drawn as if they did not.
    """
    middle = _middle(people)
    sums = [_sums_of_blocks(*_pair(p, t), block, middle) for p, t in people]
    sums = [one for one in sums if len(one)]
    if not sums:
        return {name: Interval(float("nan"), float("nan")) for name in NAMES}
    chance = np.random.default_rng(seed)
    found = {name: np.empty(draws) for name in NAMES}
    for draw in range(draws):
        total = np.zeros(6)
        for who in chance.integers(len(sums), size=len(sums)):
            blocks = sums[who]
            total += blocks[chance.integers(len(blocks), size=len(blocks))].sum(axis=0)
        for name, value in zip(NAMES, _from_sums(total), strict=True):
            found[name][draw] = value
    tail = (1 - share) / 2
    return {name: _between(values, tail) for name, values in found.items()}


def _between(values: Floats, tail: float) -> Interval:
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    return Interval(float(np.quantile(known, tail)), float(np.quantile(known, 1 - tail)))


def _middle(people: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> float:
    """Return a value to count from, so that sums of squares lose nothing to a far zero."""
    truths = [np.asarray(t, np.float64).ravel() for _, t in people]
    every = np.concatenate(truths) if truths else np.empty(0)
    return float(every.mean()) if len(every) else 0.0


def _sums_of_blocks(p: Floats, t: Floats, block: int, middle: float) -> Floats:
    """Return of each block: count, sums of p, t, p^2, t^2 and pt."""
    p, t = p - middle, t - middle
    terms = np.stack([np.ones(len(p)), p, t, p * p, t * t, p * t], axis=-1)
    return np.add.reduceat(terms, np.arange(0, len(p), block)) if len(p) else terms


def _from_sums(total: Floats) -> tuple[float, float, float]:
    n, p, t, pp, tt, pt = total
    error = np.sqrt(max(pp - 2 * pt + tt, 0.0) / n)
    var_p, var_t = max(pp / n - (p / n) ** 2, 0.0), max(tt / n - (t / n) ** 2, 0.0)
    cov = pt / n - (p / n) * (t / n)
    together = var_p + var_t + (p / n - t / n) ** 2
    correlation = cov / np.sqrt(var_p * var_t) if var_p > 0 and var_t > 0 else float("nan")
    return float(error), float(correlation), float(2 * cov / together) if together else float("nan")


def _pair(predicted: npt.ArrayLike, true: npt.ArrayLike) -> tuple[Floats, Floats]:
    p = np.asarray(predicted, np.float64).ravel()
    t = np.asarray(true, np.float64).ravel()
    if p.shape != t.shape:
        raise InputError(
            f"{len(p)} predictions for {len(t)} true values", fix="give one for each frame"
        )
    return p, t


def _constant(values: Floats) -> bool:
    size = float(np.abs(values).max(initial=0.0))
    return float(np.ptp(values)) <= _ROUNDING * size


def _reason(p: Floats, t: Floats) -> str:
    if len(p) < 2:
        return _TOO_FEW
    if _constant(p):
        return _CONSTANT
    return _CONSTANT_TRUTH if _constant(t) else ""
