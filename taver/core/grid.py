"""The shared grid of time: slots at an even rate, and which frame of a stream fills each.

Slot k lies at start_ns + k * 1e9 / rate, rounded to the nearest nanosecond (halves up) from whole
numbers, so that the millionth slot is as exact as the first. A frame belongs to the slot nearest
to it, and a slot takes the nearest of its frames; where two are equally near, the earlier slot and
the earlier frame. A slot with no frame in reach stays empty and is marked so.

The reach, `tolerance_ns`, is at most half a period. Then no frame is in reach of two slots (but
the one exactly between them, which belongs to the earlier), so no frame can be shown twice and
slots do not compete: each can be filled by itself, and a frame lost here shifts nothing there.
"""

from __future__ import annotations

import dataclasses
import operator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Rate = int | Fraction

_EARLIEST, _LATEST = -(2**63), 2**63 - 1

NO_FRAME = -1  # the frame's index where a slot is empty
NO_RESIDUAL_NS = _EARLIEST  # the residual there: no difference of two times in one grid


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """One stream on the grid; the arrays hold one value a slot and are read-only."""

    start_ns: int
    rate_hz: Fraction
    tolerance_ns: int
    slot_ns: Ints
    frame_index: Ints  # into the frame times as given, or NO_FRAME
    residual_ns: Ints  # the frame's time less the slot's, or NO_RESIDUAL_NS
    filled: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for values in (self.slot_ns, self.frame_index, self.residual_ns, self.filled):
            values.flags.writeable = False

    def unused(self, frame_count: int) -> Ints:
        """Return the indexes of those of the stream's `frame_count` frames that fill no slot."""
        used = self.frame_index[self.filled]
        highest = int(used.max(initial=-1))
        if frame_count <= highest:
            raise InputError(
                f"A stream of {frame_count} frames, of which number {highest} fills a slot",
                fix="give the number of frames that this grid was made from",
            )
        free = np.ones(frame_count, dtype=bool)
        free[used] = False
        return np.flatnonzero(free).astype(np.int64, copy=False)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of the grid."""

    start_ns: int
    count: int


def slot_times_ns(start_ns: int, count: int, rate_hz: Rate) -> Ints:
    """Return the times of the first `count` slots from `start_ns` on."""
    start, number, rate = _whole(start_ns, "start_ns"), _whole(count, "count"), _rate(rate_hz)
    if number < 0:
        raise InputError(f"A grid of {number} slots", fix="give a count of 0 or more")
    length = _offset_ns(max(number - 1, 0), rate)
    # A period more, so that no difference of a time in reach and a slot can overflow either.
    if start < _EARLIEST or max(start, 0) + length > _LATEST or length + NS_PER_S / rate > _LATEST:
        raise InputError(
            f"{number} slots at {rate} Hz from {start} ns on do not fit into 64 bits",
            fix="check the start and the count; times are whole nanoseconds",
        )
    return start + _offsets_ns(number, rate)


def fill_grid(
    frame_ns: npt.ArrayLike,
    *,
    start_ns: int,
    count: int,
    rate_hz: Rate,
    tolerance_ns: int | None = None,
) -> Grid:
    """Give each slot the nearest frame in reach, from one stream's times in any order.

    The reach is half a period unless a smaller `tolerance_ns` is given. Of frames taken at the
    same time the first in the order given counts as the earlier.
    """
    slots = slot_times_ns(start_ns, count, rate_hz)
    start, rate = _whole(start_ns, "start_ns"), _rate(rate_hz)
    reach = _tolerance_ns(tolerance_ns, rate)
    times = _times(frame_ns, "frame times")
    offsets = slots - start

    # Only frames in reach of the grid are looked at: their times less the start cannot overflow.
    last = start + (int(offsets[-1]) if len(offsets) else 0) + reach
    lies_near = (times >= max(start - reach, _EARLIEST)) & (times <= min(last, _LATEST))
    near = np.flatnonzero(lies_near)
    since = times[near] - start
    if np.any(since[1:] < since[:-1]):
        order = np.argsort(since, kind="stable")
        near, since = near[order], since[order]

    index = np.full(len(slots), NO_FRAME, dtype=np.int64)
    residual = np.full(len(slots), NO_RESIDUAL_NS, dtype=np.int64)
    if len(since) and len(slots):
        after = np.searchsorted(since, offsets)  # the first frame at or after each slot
        # The last one before it; of several at that time, the first.
        before = np.searchsorted(since, since[np.maximum(after - 1, 0)])
        has_after, has_before = after < len(since), after > 0
        late = since[np.minimum(after, len(since) - 1)] - offsets
        early = offsets - since[before]
        good_after = has_after & (late <= reach)
        good_before = has_before & (early <= reach)
        # A frame exactly between two slots belongs to the one before.
        good_before[1:] &= (since[before[1:]] - offsets[:-1]) > early[1:]
        take_before = good_before & (~good_after | (early <= late))
        take_after = good_after & ~take_before
        index[take_before], residual[take_before] = near[before[take_before]], -early[take_before]
        index[take_after], residual[take_after] = near[after[take_after]], late[take_after]
    return Grid(
        start_ns=start,
        rate_hz=rate,
        tolerance_ns=reach,
        slot_ns=slots,
        frame_index=index,
        residual_ns=residual,
        filled=index != NO_FRAME,
    )


def common_span(streams: Mapping[str, npt.ArrayLike], rate_hz: Rate) -> Span:
    """Return the slots from the latest first frame to the earliest last frame of the streams."""
    rate = _rate(rate_hz)
    times = {name: _times(frame_ns, f"times of {name}") for name, frame_ns in streams.items()}
    empty = [f"{name} has no frames" for name, frame_ns in times.items() if not len(frame_ns)]
    if empty or not times:
        raise InputError(
            f"There is no common span: {'; '.join(empty) or 'no streams were given'}",
            fix="leave out the streams without frames, or record again",
            problems=empty,
        )
    starts = {name: int(frame_ns.min()) for name, frame_ns in times.items()}
    ends = {name: int(frame_ns.max()) for name, frame_ns in times.items()}
    late, early = max(starts, key=starts.__getitem__), min(ends, key=ends.__getitem__)
    start, end = starts[late], ends[early]
    if end < start:
        raise InputError(
            f"The streams have no time in common: {early} ends {start - end} ns before "
            f"{late} begins",
            fix="check that they are of one session and that their clocks were brought together",
        )
    count = int((end - start) * rate / NS_PER_S) + 1
    if _offset_ns(count, rate) <= end - start:  # the last slot is rounded down into the span
        count += 1
    return Span(start_ns=start, count=count)


def _offset_ns(slot: int, rate: Fraction) -> int:
    return (2 * slot * NS_PER_S * rate.denominator + rate.numerator) // (2 * rate.numerator)


def _offsets_ns(count: int, rate: Fraction) -> Ints:
    """Return `_offset_ns` of 0 to count - 1."""
    # The period is split into whole nanoseconds and a rest, lest the products pass 64 bits.
    whole, rest = divmod(NS_PER_S * rate.denominator, rate.numerator)
    if max(count * rest, rate.numerator) > _LATEST // 4:
        raise InputError(
            f"A rate of {rate} Hz cannot be counted to {count} in 64 bits",
            fix="give a simpler fraction, such as 30000/1001",
        )
    k = np.arange(count, dtype=np.int64)
    return k * whole + (k * (2 * rest) + rate.numerator) // (2 * rate.numerator)


def _rate(rate_hz: Rate) -> Fraction:
    if isinstance(rate_hz, bool) or not isinstance(rate_hz, (int, np.integer, Fraction)):
        raise InputError(
            f"A rate of {rate_hz!r} Hz, which is not exact",
            fix="give a whole number, or a fraction such as Fraction(30000, 1001)",
        )
    rate = rate_hz if isinstance(rate_hz, Fraction) else Fraction(int(rate_hz))
    if not 0 < rate <= NS_PER_S:
        raise InputError(
            f"A rate of {rate} Hz", fix="give a rate above 0 and at most one slot a nanosecond"
        )
    return rate


def _tolerance_ns(tolerance_ns: int | None, rate: Fraction) -> int:
    half_period = NS_PER_S * rate.denominator // (2 * rate.numerator)
    if tolerance_ns is None:
        return half_period
    reach = _whole(tolerance_ns, "tolerance_ns")
    if not 0 <= reach <= half_period:
        raise InputError(
            f"A tolerance of {reach} ns at {rate} Hz, where half a period is {half_period} ns",
            fix=f"give one from 0 to {half_period}; beyond it a frame would be near two slots",
        )
    return reach


def _whole(value: int, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise InputError(
            f"{what} is {value!r}, not a whole number", fix="give an integer, in nanoseconds"
        ) from None


def _times(frame_ns: npt.ArrayLike, what: str) -> Ints:
    times = np.asarray(frame_ns)
    if times.ndim == 1 and times.size == 0:
        return np.empty(0, dtype=np.int64)
    if times.ndim != 1 or times.dtype.kind not in "iu":
        raise InputError(
            f"The {what} are {times.dtype} of the shape {times.shape}",
            fix="give them as whole nanoseconds in one row; seconds as floats lose nanoseconds",
        )
    if times.dtype.kind == "u" and int(times.max()) > _LATEST:
        raise InputError(
            f"The {what} go up to {times.max()}, beyond 64 bits with a sign",
            fix="give nanoseconds since an epoch; the year 2262 is the last they can tell",
        )
    return times.astype(np.int64, copy=False)
