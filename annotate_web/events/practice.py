"""How well a practice clip was rated: how far from its reference, and whether that is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

# People follow a face by some seconds; the lag that suits them best is granted.
_LONGEST_LAG_S: Final = 4.0
COVERED: Final = 0.9  # of the frames: who rated less has not practised


class Verdict(NamedTuple):
    """How a practice went."""

    passed: bool
    distance: float | None  # from the reference, mean of both, in points; None: too little rated
    off: Mapping[str, float | None]  # the same for each dimension: this is what counts
    within: float  # what distance is well
    covered: float  # share of the frames that were rated
    lag_s: float  # by how much the person was late


def judge(
    reference: Mapping[str, Any],
    values: Mapping[Dimension, npt.NDArray[np.float64]],
    frame_unix_ns: npt.NDArray[np.int64],
) -> Verdict:
    """Compare what was rated with the reference, at the lag that suits it best.

    Each of the two has to be near: else a slider that nobody moved would do.
    """
    within = float(reference["within"])
    covered = float(np.mean([np.isfinite(values[dimension]).mean() for dimension in Dimension]))
    period_s = float(np.median(np.diff(frame_unix_ns))) / 1e9 if len(frame_unix_ns) > 1 else 1.0
    wanted = {
        dimension: np.array([np.nan if v is None else v for v in reference[dimension]], float)
        for dimension in Dimension
    }
    found = []
    for lag in range(min(int(_LONGEST_LAG_S / period_s) + 1, max(1, len(frame_unix_ns) - 1))):
        off = [_apart(wanted[dimension], values[dimension], lag) for dimension in Dimension]
        if all(apart is not None for apart in off):
            found.append((float(np.mean([a for a in off if a is not None])), lag, off))
    if not found:
        nothing = dict.fromkeys(map(str, Dimension))
        return Verdict(False, None, nothing, within, covered, 0.0)
    distance, lag, off = min(found, key=lambda one: one[:2])
    return Verdict(
        covered >= COVERED and all(apart is not None and apart <= within for apart in off),
        distance,
        dict(zip(map(str, Dimension), off, strict=True)),
        within,
        covered,
        lag * period_s,
    )


def _apart(
    wanted: npt.NDArray[np.float64], given: npt.NDArray[np.float64], lag: int
) -> float | None:
    apart = np.abs(wanted[: len(wanted) - lag] - given[lag:])
    apart = apart[np.isfinite(apart)]
    return float(apart.mean()) if len(apart) >= len(given) / 2 else None
