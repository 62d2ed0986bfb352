"""What each rater adds: agreement without them, and how they go with the mean of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from taver.labels.agreement import Agreement, agreement, called, matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


class Left(NamedTuple):
    """One rater left out."""

    rater: str
    r_with_others: float  # with the mean of the others; NaN where one of the two never moved
    ccc_with_others: float
    without: Agreement  # of the others alone


def without_each(values: npt.ArrayLike, names: Sequence[str] = ()) -> tuple[Left, ...]:
    """Return what is left as each rater is left out."""
    table = matrix(values)
    return tuple(_left(table, n, called(names, table)) for n in range(table.shape[1]))


def _left(table: npt.NDArray[np.float64], rater: int, names: Sequence[str]) -> Left:
    others = np.delete(table, rater, axis=1)
    said = (~np.isnan(others)).sum(axis=1)
    mean = np.where(np.isnan(others), 0.0, others).sum(axis=1) / np.where(said, said, np.nan)
    pair = agreement(np.column_stack([table[:, rater], mean]))
    rest = [name for n, name in enumerate(names) if n != rater]
    return Left(names[rater], pair.mean_r, pair.ccc, agreement(others, rest))
