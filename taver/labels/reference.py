"""A reference to tell lags by, read from a CSV file: what was true, or what an expert said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError
from taver.core.storage import explained
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from taver.labels.trace import Clip

    Floats = npt.NDArray[np.float64]

_FIX: Final = (
    "give a CSV file with a column unix_ns, or seconds (from the clip's first frame), and a column "
    "arousal, valence or both; with a column clip if it tells of several"
)


class Reference:
    """What the file says, clip by clip."""

    def __init__(self, path: Path) -> None:
        import pandas as pd

        self._path = path
        if path.is_dir():
            raise InputError(f"{path} is a folder, and no CSV table", fix=_FIX)
        try:
            with explained(path):
                table = pd.read_csv(path, dtype={"clip": str})
        except (ValueError, UnicodeDecodeError) as error:  # pandas' own errors are ValueErrors
            raise InputError(f"{path} is no CSV table: {str(error).strip()}", fix=_FIX) from None
        table.columns = [str(name).strip().lower() for name in table.columns]
        self._dimensions = [d for d in Dimension if d.value in table.columns]
        self._by_unix = "unix_ns" in table.columns
        if not self._dimensions or not (self._by_unix or "seconds" in table.columns):
            raise InputError(f"{path} has the columns {', '.join(table.columns)}", fix=_FIX)
        time = "unix_ns" if self._by_unix else "seconds"
        wrong = [
            f"{name} is no number in line {int(bad[0]) + 2}"
            for name in (time, *(d.value for d in self._dimensions))
            if len(bad := np.flatnonzero(_not_numbers(table[name], empty=name != time)))
        ]
        if wrong:
            raise InputError(f"{path} cannot be read", fix=_FIX, problems=wrong)
        self._table = table

    def refuse_several(self, what: str) -> None:
        """Raise if it cannot be told which of several clips, or sessions, a line is of.

        Seconds from the first frame fit any clip: taken for all, they would give lags to clips
        that the file says nothing of.
        """
        if not self._by_unix and "clip" not in self._table.columns:
            raise InputError(
                f"{self._path} does not say of which clip it tells, and there are {what}",
                fix="add a column clip, or times as unix_ns; or name the session that it is of",
            )

    def of(self, clip: Clip) -> Mapping[Dimension, Floats]:
        """Return the reference at the clip's frames, NaN beyond its ends; nothing if none."""
        table = self._table
        if "clip" in table.columns:
            table = table[table["clip"] == clip.name]
        if not len(table):
            return {}
        frames = clip.frame_unix_ns
        told = table["unix_ns" if self._by_unix else "seconds"].to_numpy()
        if (told[1:] <= told[:-1]).any():
            raise InputError(
                f"{self._path}: the times of {clip.name} go back or stand",
                fix="give them in order; with several clips, add a column clip",
            )
        if self._by_unix:
            times = (table["unix_ns"].to_numpy(np.int64) - int(frames[0])) / NS_PER_S
        else:
            times = table["seconds"].to_numpy(np.float64)
        at = (frames - frames[0]) / NS_PER_S
        found = {}
        for dimension in self._dimensions:
            values = table[dimension.value].to_numpy(np.float64)
            some = ~np.isnan(values)
            if some.sum() >= 2:
                found[dimension] = np.interp(
                    at, times[some], values[some], left=np.nan, right=np.nan
                )
        if not any((~np.isnan(values)).any() for values in found.values()):
            return {}  # of some other time
        return found


def _not_numbers(column: Any, *, empty: bool) -> npt.NDArray[np.bool_]:
    """Tell which cells are neither numbers nor, where that is allowed, empty."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    bad = ~np.isfinite(numbers)
    return np.asarray(bad & column.notna().to_numpy() if empty else bad)
