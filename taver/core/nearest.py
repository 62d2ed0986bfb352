"""Which of some moments is nearest to each of some others; of two equally near, the earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Times = npt.NDArray[np.int64]


def nearest(times_ns: Times, wanted_ns: Times) -> npt.NDArray[np.int64]:
    """Return the places of the nearest in `times_ns`, which rise and are not empty."""
    last = len(times_ns) - 1
    after = np.minimum(np.clip(np.searchsorted(times_ns, wanted_ns), 1, max(last, 1)), last)
    before = np.maximum(after - 1, 0)
    is_before = wanted_ns - times_ns[before] <= times_ns[after] - wanted_ns
    return np.where(is_before, before, after).astype(np.int64)
