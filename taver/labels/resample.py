"""A rater's trace at the times of the frames: each value holds until the next, gaps are closed."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.labels.trace import Trace

    Floats = npt.NDArray[np.float64]
    Times = npt.NDArray[np.int64]


class Fill(enum.StrEnum):
    """What stands in a gap that is closed."""

    HOLD = "hold"  # the last value before it
    LINEAR = "linear"  # a straight line from the value before to the one behind: the paper's


class Track(NamedTuple):
    """One rater's values of one dimension, one a frame."""

    raw: Floats  # NaN where nothing was said
    values: Floats  # with short gaps closed
    filled: npt.NDArray[np.bool_]  # where a gap was closed

    @property
    def filled_share(self) -> float:
        """Return which part of the frames has a value only because a gap was closed."""
        return float(self.filled.mean()) if len(self.filled) else float("nan")


def resampled(
    trace: Trace, frame_unix_ns: Times, *, gap_s: float = 1.0, fill: Fill = Fill.HOLD
) -> Track:
    """Bring a trace to the frames' times and close its gaps up to `gap_s`."""
    return closed(held(trace, frame_unix_ns), frame_unix_ns, gap_s=gap_s, fill=fill)


def held(trace: Trace, frame_unix_ns: Times) -> Floats:
    """Return at each frame the last value said at or before it; NaN before the first."""
    times = np.asarray(trace.unix_ns, dtype=np.int64)
    values = np.asarray(trace.values, dtype=np.float64)
    if times.shape != values.shape or times.ndim != 1:
        raise InputError(
            f"A trace has {times.size} moments and {values.size} values",
            fix="give each value the moment of the picture it was said of",
        )
    if len(times) > 1 and (times[1:] < times[:-1]).any():
        raise InputError("A trace goes back in time", fix="give its values in order of time")
    if not len(times):
        return np.full(len(frame_unix_ns), np.nan)
    last = np.searchsorted(times, frame_unix_ns, side="right") - 1
    return np.asarray(np.where(last >= 0, values[np.maximum(last, 0)], np.nan))


def closed(
    raw: npt.NDArray[Any], frame_unix_ns: Times, *, gap_s: float = 1.0, fill: Fill = Fill.HOLD
) -> Track:
    """Close gaps no longer than `gap_s`, from the last frame with a value to the next with one.

    What lies before the first value is never filled; behind the last one, only by holding it.
    """
    if not gap_s >= 0:
        raise InputError(f"A gap of {gap_s} s cannot be filled", fix="give 0 seconds or more")
    raw = np.asarray(raw, dtype=np.float64)
    said = np.flatnonzero(~np.isnan(raw))
    if not len(said) or len(said) == len(raw):
        return Track(raw, raw.copy(), np.zeros(len(raw), dtype=bool))
    places = np.arange(len(raw))
    behind = np.searchsorted(said, places)  # the first frame with a value at or after this one
    has_before, has_behind = places > said[0], behind < len(said)
    next_said = said[np.minimum(behind, len(said) - 1)]
    last_said = said[np.maximum(np.searchsorted(said, places, side="right") - 1, 0)]
    ends = np.where(has_behind, next_said, len(raw) - 1)
    from_ns, until_ns = frame_unix_ns[last_said], frame_unix_ns[ends]
    short = (until_ns - from_ns) <= gap_s * NS_PER_S
    filled = np.isnan(raw) & has_before & short
    if fill is Fill.LINEAR:
        filled &= has_behind
        values = np.where(
            filled, np.interp(_since(frame_unix_ns), _since(frame_unix_ns)[said], raw[said]), raw
        )
    else:
        values = np.where(filled, raw[last_said], raw)
    return Track(raw, values, filled)


def _since(times: Times) -> Floats:
    """Return seconds from the first: nanoseconds since 1970 are more than a float can tell."""
    return np.asarray((times - times[0]) / NS_PER_S)
