"""How well raters agree, in the figures that papers report.

n frames, k raters. What needs all raters at once (alpha, ICC) is computed over the frames that all
of them rated; what compares two (r, MSE, CCC) over the frames both rated, then averaged over pairs;
Krippendorff's alpha over all frames with two raters. A figure that does not exist is NaN and says
why. Checked against pingouin, audmetric and krippendorff.

alpha    Cronbach 1951: k/(k-1) (1 - sum of the raters' variances / variance of their sum)
ICC      McGraw and Wong 1996, two-way: A is absolute agreement, C consistency; 1 of one rater,
         k of the mean of all. ICC(C,k) is Cronbach's alpha.
CCC      Lin 1989, population moments
alpha_K  Krippendorff 2011, interval metric, by sums of squares: O(nk)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.errors import InputError
from taver.labels.reasons import OF_ALL, Why, reasons
from taver.labels.sums import Sums, sums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_LEAST_FRAMES: Final = 2
_NO_SPREAD: Final = 1e-12  # of the squared scale: what is left of nothing after rounding


class Agreement(NamedTuple):
    """All figures of one matrix of values; `why` says of each that is NaN what it lacks."""

    raters: int
    frames: int  # in which anybody said anything
    complete: int  # in which all did
    cronbach_alpha: float
    mean_r: float
    mse: float
    ccc: float
    icc_a1: float
    icc_c1: float
    icc_ak: float
    icc_ck: float
    krippendorff_alpha: float
    positive_percent: float  # of all values, those above zero
    why: Mapping[str, Why]


FIGURES: Final = Agreement._fields[3:-1]


def agreement(values: npt.ArrayLike, names: Sequence[str] = ()) -> Agreement:
    """Return all figures; a row a frame, a column a rater, NaN where nothing was said."""
    table = matrix(values)
    why = reasons(table, called(names, table))
    figures = figures_of(sums(table))
    kept = {name: float("nan") if name in why else float(figures[name]) for name in FIGURES}
    for name, value in kept.items():
        if np.isnan(value):
            why.setdefault(name, Why("undefined"))
    said = ~np.isnan(table)
    return Agreement(
        raters=table.shape[1],
        frames=int(said.any(axis=1).sum()),
        complete=int(said.all(axis=1).sum()) if table.shape[1] else 0,
        **kept,
        why=why,
    )


def figures_of(made: Sums) -> dict[str, Floats]:
    """Return every figure of these sums, NaN where it does not exist; leading axes are kept."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {**_of_pairs(made), **_of_all(made)}
        found["krippendorff_alpha"] = _krippendorff(made)
        found["positive_percent"] = 100.0 * made.positive / np.where(made.said, made.said, np.nan)
    return found


def correlations(values: npt.ArrayLike) -> Floats:
    """Return Pearson's r of each pair over the frames both rated; NaN where one never moved."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made = sums(matrix(values))
        return _moments(made).r


def matrix(values: npt.ArrayLike) -> Floats:
    """Return the values as frames by raters; what is no such table is refused."""
    try:
        table = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(
            "The raters' values are no table: their lengths differ, or they are no numbers",
            fix="give one value a rater for every frame, NaN where nothing was said",
        ) from None
    if table.ndim != 2:
        raise InputError(
            f"The raters' values have {table.ndim} axes, not 2",
            fix="give one row a frame and one column a rater",
        )
    if np.isinf(table).any():
        raise InputError("A rater's value is infinite", fix="give NaN where nothing was said")
    return table


def called(names: Sequence[str], table: Floats) -> list[str]:
    """Return what the columns' raters are called: numbers where no names are given."""
    return list(names) or [f"rater {n + 1}" for n in range(table.shape[1])]


def together(columns: Mapping[str, npt.ArrayLike]) -> Floats:
    """Return raters' values side by side; unequal lengths are refused by name."""
    lengths = {name: int(np.size(column)) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = [f"{name}: {length} frames" for name, length in lengths.items()]
        raise InputError(
            "The raters' values are not equally long",
            fix="bring them to the same frames first: taver.labels.resample",
            problems=told,
        )
    if not columns:
        return np.empty((0, 0))
    return matrix(np.stack([np.asarray(c, dtype=np.float64).ravel() for c in columns.values()], 1))


class _Moments(NamedTuple):
    r: Floats
    mse: Floats
    ccc: Floats


def _moments(made: Sums) -> _Moments:
    """Return r, MSE and CCC of each pair, (..., k, k)."""
    frames = np.where(made.pair_frames >= _LEAST_FRAMES, made.pair_frames, np.nan)
    mean = made.pair_sum / frames
    variance = made.pair_square / frames - mean**2
    shift = made.shift[..., :, None] - made.shift[..., None, :]
    covariance = made.pair_product / frames - mean * _turned(mean)
    apart = shift + mean - _turned(mean)
    still = variance <= _NO_SPREAD * np.maximum(made.pair_square / frames, _NO_SPREAD)
    spread = np.where(still | _turned(still), np.nan, variance)
    r = np.clip(covariance / np.sqrt(spread * _turned(spread)), -1.0, 1.0)
    mse = variance + _turned(variance) - 2.0 * covariance + apart**2
    ccc = 2.0 * covariance / (spread + _turned(spread) + apart**2)
    alone = np.where(made.pair_frames >= 1, made.pair_frames, np.nan)  # one frame will do
    mse = np.where(
        np.isnan(frames), (shift + (made.pair_sum - _turned(made.pair_sum)) / alone) ** 2, mse
    )
    return _Moments(r, np.maximum(mse, 0.0), ccc)


def _of_pairs(made: Sums) -> dict[str, Floats]:
    above = np.triu_indices(made.pair_frames.shape[-1], 1)
    if not len(above[0]):
        nothing = np.full(made.pair_frames.shape[:-2], np.nan)
        return {"mean_r": nothing, "mse": nothing, "ccc": nothing}
    found = _moments(made)
    both = made.pair_frames[..., above[0], above[1]]

    def mean(of: Floats) -> Floats:
        # Pairs that never met say nothing; one that met and has no figure leaves none to report.
        pairs = of[..., above[0], above[1]]
        met = (both >= 1).sum(axis=-1)
        total = np.where(both >= 1, pairs, 0.0).sum(axis=-1)
        return np.asarray(total / np.where(met, met, np.nan))

    return {"mean_r": mean(found.r), "mse": mean(found.mse), "ccc": mean(found.ccc)}


def _of_all(made: Sums) -> dict[str, Floats]:
    """Return Cronbach's alpha and the ICCs, by two-way analysis of variance."""
    k = made.sum.shape[-1]
    if k < 2:
        return dict.fromkeys(OF_ALL, np.full(made.frames.shape, np.nan))
    n = np.where(made.frames >= _LEAST_FRAMES, made.frames, np.nan)
    own = np.diagonal(made.product, axis1=-2, axis2=-1) - made.sum**2 / n[..., None]
    of_sum = made.product.sum(axis=(-2, -1)) - made.sum.sum(axis=-1) ** 2 / n
    squares = np.diagonal(made.product, axis1=-2, axis2=-1)
    still = (own <= _NO_SPREAD * np.maximum(squares, _NO_SPREAD)).any(axis=-1)
    within = np.where(still, np.nan, own.sum(axis=-1))
    opposed = of_sum <= _NO_SPREAD * within
    of_sum = np.where(opposed, np.nan, of_sum)
    means = made.shift + made.sum / n[..., None]
    of_raters = n * ((means - means.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1) / (k - 1)
    of_frames = of_sum / k / (n - 1)
    left = np.maximum(within - of_sum / k, 0.0) / ((n - 1) * (k - 1))
    shift = k * (of_raters - left) / n
    return {
        "cronbach_alpha": k / (k - 1) * (1.0 - within / of_sum),
        "icc_a1": _ratio(of_frames - left, of_frames, (k - 1) * left, shift),
        "icc_c1": _ratio(of_frames - left, of_frames, (k - 1) * left),
        "icc_ak": _ratio(of_frames - left, of_frames, shift / k),
        "icc_ck": (of_frames - left) / of_frames,
    }


def _ratio(above: Floats, *below: Floats) -> Floats:
    """Divide by a sum; NaN where its parts cancel but for rounding."""
    total = np.add.reduce(below)
    size = np.add.reduce([np.abs(part) for part in below])
    return np.asarray(above / np.where(np.abs(total) > _NO_SPREAD * size, total, np.nan))


def _krippendorff(made: Sums) -> Floats:
    values = np.where(made.values >= 2, made.values, np.nan)
    observed = made.apart / values
    spread = made.value_square - made.value_sum**2 / values
    spread = np.where(
        spread <= _NO_SPREAD * np.maximum(made.value_square, _NO_SPREAD), np.nan, spread
    )
    return np.asarray(1.0 - observed / (2.0 * spread / (values - 1.0)))


def _turned(pairs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.swapaxes(pairs, -1, -2)
