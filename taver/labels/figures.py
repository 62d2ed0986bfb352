"""agreement.csv: every figure of agreement of each clip and of all together, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.labels.agreement import FIGURES, Agreement, agreement
from taver.labels.bootstrap import BLOCK_S, Interval, intervals
from taver.labels.pool import ClipValues, Pool, Zero, pooled
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from taver.labels.store import Labelled

FILE: Final = "agreement.csv"
_DIGITS: Final = 6


class PoolFigures(NamedTuple):
    """The figures of clips together, by one rule."""

    pool: Pool
    agreement: Agreement
    intervals: Mapping[str, Interval]


def of_pool(clips: Sequence[ClipValues], zero: Zero) -> PoolFigures:
    """Return all figures of these clips together."""
    pool = pooled(clips, zero)
    usual_s = float(np.median([clip.step_s for clip in clips])) if clips else 0.1
    return PoolFigures(
        pool,
        agreement(pool.values, pool.columns),
        intervals(pool.values, step_s=usual_s, starts=pool.starts),
    )


def values_of(clip: Labelled, dimension: Dimension) -> ClipValues:
    """Return one dimension of a clip, gaps filled, as agreement is computed from."""
    values = clip.columns[dimension.value].astype(np.float64)
    between_s = step_s(clip.columns["frame_unix_ns"])
    return ClipValues(clip.name, tuple(clip.attributes["raters"]), values, between_s)


def step_s(unix_ns: npt.NDArray[np.int64]) -> float:
    """Return the time between frames; that of the grid where there is one frame only."""
    return float(np.median(np.diff(unix_ns))) / NS_PER_S if len(unix_ns) > 1 else 0.1


def table_of(session: str, clips: Sequence[Labelled], simulated: bool) -> bytes:
    """Return the table as CSV, one row a figure; `clip` is empty where all stand together."""
    import pandas as pd

    rows = []
    for dimension in Dimension:
        own = [values_of(clip, dimension) for clip in clips]
        # Of one clip, a mean over all its clips is that of the clip.
        alone = [(one.clip, of_pool([one], zero)) for one in own for zero in (Zero.NONE, Zero.CLIP)]
        together = [("", of_pool(own, zero)) for zero in Zero]
        for name, found in [*alone, *together]:
            rows += [
                {"session": session, "clip": name, "dimension": dimension.value, **row}
                for row in _rows(found)
            ]
    table = pd.DataFrame(rows)
    table["block_s"], table["simulated"] = BLOCK_S, simulated
    return table.round(_DIGITS).to_csv(index=False, lineterminator="\n").encode()


def _rows(found: PoolFigures) -> Iterator[dict[str, object]]:
    for figure in FIGURES:
        interval, why = found.intervals[figure], found.agreement.why.get(figure)
        yield {
            "rule": found.pool.rule,
            "figure": figure,
            "value": getattr(found.agreement, figure),
            "low_95": interval.low,
            "high_95": interval.high,
            "raters": found.agreement.raters,
            "frames": found.agreement.frames,
            "rated_by_all": found.agreement.complete,
            "why_not": why.told if why else interval.why,
        }
