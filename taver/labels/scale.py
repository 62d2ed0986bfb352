"""From the scale that raters see, -10 to 10, to that of training, -1 to 1; and zero means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taver.labels.trace import HIGHEST

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def scaled(values: npt.NDArray[Any]) -> Floats:
    """Return values on -1 to 1."""
    return np.asarray(values, dtype=np.float64) / HIGHEST


def centred(values: npt.NDArray[Any]) -> Floats:
    """Take each rater's own mean away; a rater who never moved is exactly zero then."""
    table = np.asarray(values, dtype=np.float64)
    said = ~np.isnan(table)
    count = said.sum(axis=0)
    mean = np.where(said, table, 0.0).sum(axis=0) / np.where(count, count, np.nan)
    still = np.array(
        [len(one) > 0 and one.max() == one.min() for one in (c[~np.isnan(c)] for c in table.T)],
        dtype=bool,
    )
    return np.asarray(np.where(still & said, 0.0, table - mean))
