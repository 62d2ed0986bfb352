"""One trace of many raters': mean, median, weighted by agreement, or with reaction lags taken away.

EWE, the evaluator-weighted estimator (Grimm and Kroschel 2005): sum(r_k x_k) / sum(r_k), where r_k
is the correlation of rater k with the mean of all raters, or, leave-one-out, of the others: with
few raters one agrees well with a mean that he is a third of.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.errors import InputError
from taver.labels import lags
from taver.labels.agreement import called, correlations, matrix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Times = npt.NDArray[np.int64]


class Fusion(enum.StrEnum):
    """How many raters' values become one."""

    MEAN = "mean"
    MEDIAN = "median"
    EWE = "ewe"
    EWE_OTHERS = "ewe-leave-one-out"
    LAG_MEAN = "lag-mean"


DEFAULT: Final = Fusion.MEAN


class Fused(NamedTuple):
    """The one trace, NaN where too few said anything, and how it was made."""

    values: Floats
    made: Mapping[str, Any]  # "name", "rule", raters' weights or lags, notes: fit for JSON


def fuse(
    values: npt.ArrayLike,
    how: Fusion | str = DEFAULT,
    *,
    names: Sequence[str] = (),
    unix_ns: Times | None = None,
    least: int | None = None,
    most_lag_s: float = lags.MOST_S,
    reference: Floats | None = None,
) -> Fused:
    """Fuse the raters' values, a row a frame; `least` raters have to say something of a frame.

    Without `least` it is half of those who said anything at all. Lags need the frames' times.
    """
    table = matrix(values)
    if how not in list(Fusion):
        raise InputError(
            f"There is no fusion {str(how)!r}", fix=f"choose one of: {', '.join(Fusion)}"
        )
    how = Fusion(how)
    raters = called(names, table)
    spoke = int((~np.isnan(table)).any(axis=0).sum())
    enough = max(-(-spoke // 2), 1) if least is None else max(least, 1)
    made: dict[str, Any] = {"name": how.value, "raters": raters, "least_raters": enough}
    notes: list[str] = []
    weights = np.ones(table.shape[1])
    match how:
        case Fusion.EWE | Fusion.EWE_OTHERS:
            weights = _weights(table, raters, how is Fusion.EWE_OTHERS, notes)
            made["weights"] = _by_name(raters, weights)
        case Fusion.LAG_MEAN:
            if unix_ns is None or len(unix_ns) != len(table):
                raise InputError(
                    "Lags cannot be found without the frames' times",
                    fix="give unix_ns: one time for every row",
                )
            found = (
                lags.relative(table, unix_ns, most_s=most_lag_s)
                if reference is None
                else lags.absolute(table, reference, unix_ns, most_s=most_lag_s)
            )
            table = lags.shifted(table, unix_ns, found.seconds)
            made |= {
                "lags_s": _by_name(raters, found.seconds),
                "clearness": _by_name(raters, found.clearness),
                "chance": _by_name(raters, found.chance),
                "most_chance": lags.CHANCE,
                "lags": "absolute, against a reference"
                if found.absolute
                else "relative to the median rater",
                "most_lag_s": most_lag_s,
            }
            notes += _untold(raters, found)
    fused = _median(table) if how is Fusion.MEDIAN else _weighted(table, weights)
    few = (~np.isnan(table)).sum(axis=1) < enough
    fused = np.where(few, np.nan, fused)
    if len(fused) and np.isnan(fused).all():
        notes.append(f"no frame has a value: {_why_none(spoke, enough, few)}")
    return Fused(fused, {**made, "notes": notes})


def _untold(names: Sequence[str], found: lags.Lags) -> list[str]:
    """Return of whom no lag can be told, and why; and that those told are not all of one kind."""
    notes = []
    noise = np.isnan(found.seconds) & (found.chance > lags.CHANCE)
    if noise.any():
        who = ", ".join(name for name, one in zip(names, noise, strict=True) if one)
        notes.append(
            f"{who}: no lag can be told from chance, which is as clear in "
            f"{100 * found.chance[noise].min():.1f} of 100 draws or more; taken as it is"
        )
    notes += [
        f"{name}: no lag can be told; taken as it is"
        for name, none in zip(names, np.isnan(found.seconds) & ~noise, strict=True)
        if none
    ]
    if found.groups > 1:
        notes.append(
            f"there are {found.groups} groups of raters who go together; a lag is relative to the "
            "median rater of one's own"
        )
    return notes


def _why_none(spoke: int, enough: int, few: npt.NDArray[np.bool_]) -> str:
    """Return why no frame at all has a value, in words."""
    if not spoke:
        return "nobody said anything"
    if few.all():
        return f"in none did {enough} of {spoke} raters say anything"
    return "of those who said something, none has a weight above zero"


def _weighted(table: Floats, weights: Floats) -> Floats:
    """Return each frame's weighted mean of those who said anything."""
    said = ~np.isnan(table)
    share = np.where(said, weights, 0.0)
    total = share.sum(axis=1)
    summed = (np.where(said, table, 0.0) * share).sum(axis=1)
    return np.asarray(summed / np.where(total > 0, total, np.nan))


def _median(table: Floats) -> Floats:
    made = np.full(len(table), np.nan)
    some = ~np.isnan(table).all(axis=1) if table.shape[1] else np.zeros(len(table), dtype=bool)
    made[some] = np.nanmedian(table[some], axis=1)
    return made


def _weights(table: Floats, names: Sequence[str], others: bool, notes: list[str]) -> Floats:
    """Return each rater's correlation with the mean of all, or of the others; never below zero."""
    ones = np.ones(table.shape[1])
    if table.shape[1] == 1:
        notes.append("one rater: the weight is 1")
        return ones
    found = np.zeros(table.shape[1])
    for rater, name in enumerate(names):
        mean = _weighted(np.delete(table, rater, axis=1) if others else table, ones[others:])
        r = float(correlations(np.column_stack([table[:, rater], mean]))[0, 1])
        if np.isnan(r):
            notes.append(
                f"{name}: weight 0, as there is no correlation (never moved, or said nothing)"
            )
        elif r < 0:
            notes.append(f"{name}: weight 0, as the correlation is {r:.3f}")
        found[rater] = max(np.nan_to_num(r), 0.0)
    return found


def _by_name(names: Sequence[str], values: Floats) -> dict[str, float | None]:
    """Return values by rater as JSON knows them."""
    told = zip(names, values.tolist(), strict=True)
    return {name: None if np.isnan(value) else value for name, value in told}
