"""What a machine's clock is against the master's now, from the bursts until now."""

from __future__ import annotations

import collections
import math
import threading
from typing import TYPE_CHECKING, Final

from capture.timesync.bursts import bounds, jumped
from capture.timesync.line import Line
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.timesync.bursts import Bounds
    from taver.core.clock import Epoch
    from taver.core.session.clocks import Exchange

_KEPT: Final = 48  # bursts: four minutes of them
_USUAL_DRIFT: Final = 50e-6  # one standard deviation, before anything is known
_READING_NS: Final = 5_000  # how exactly a clock is read at all


class Estimate:
    """Takes bursts as they come, and tells the line they lie on; from any thread."""

    def __init__(self, epoch: Epoch) -> None:
        self._epoch = epoch  # of the master's monotonic clock
        self._turn = threading.Lock()
        self._found: collections.deque[Bounds] = collections.deque(maxlen=_KEPT)
        self._exchanges: list[Exchange] = []
        self._line: Line | None = None

    def add(self, burst: Sequence[Exchange]) -> float | None:
        """Take a burst; return by how many seconds the clock jumped before it, if it did."""
        if not burst:
            return None
        with self._turn:
            self._exchanges.extend(burst)
            new = bounds(burst)
            jump_s = None
            if self._found and jumped(self._found[-1], new):
                jump_s = (new.middle_ns - self._found[-1].middle_ns) / NS_PER_S
                self._found.clear()
            self._found.append(new)
            self._line = self._fitted(new.master_ns)
            return jump_s

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that were made."""
        with self._turn:
            return tuple(self._exchanges)

    @property
    def bursts(self) -> int:
        """How many there were, since the clock jumped if it did."""
        return len(self._found)

    @property
    def line(self) -> Line | None:
        """The line now, or None before the first burst."""
        return self._line

    def _fitted(self, now_ns: int) -> Line:
        """Return the line: its slope by regression, its height by the narrowest bounds."""
        # A regression weighted by how narrow each burst's bounds are, with a prior on the slope.
        weights = [1.0 / (found.halfwidth_ns / 2 + _READING_NS) ** 2 for found in self._found]
        total = math.fsum(weights)
        origin_ns, level_ns = self._found[-1].master_ns, self._found[-1].middle_ns
        times = [float(found.master_ns - origin_ns) for found in self._found]
        offsets = [float(found.middle_ns - level_ns) for found in self._found]
        mean_time = math.fsum(w * t for w, t in zip(weights, times, strict=True)) / total
        mean_offset = math.fsum(w * o for w, o in zip(weights, offsets, strict=True)) / total
        spread = math.fsum(w * (t - mean_time) ** 2 for w, t in zip(weights, times, strict=True))
        shared = math.fsum(
            w * (t - mean_time) * (o - mean_offset)
            for w, t, o in zip(weights, times, offsets, strict=True)
        )
        precision = spread + 1.0 / _USUAL_DRIFT**2
        slope, slope_error = shared / precision, precision**-0.5
        # Bounds of the past still hold, wider by how little is known of the drift since.
        lowest = highest = None
        for found in self._found:
            since = now_ns - found.master_ns
            carried, slack = slope * since, 2 * slope_error * since
            low, high = found.lowest_ns + carried - slack, found.highest_ns + carried + slack
            lowest = low if lowest is None else max(lowest, low)
            highest = high if highest is None else min(highest, high)
        if lowest is None or highest is None:  # there is at least one burst
            lowest = highest = float(level_ns)
        offset_ns = round((lowest + highest) / 2)
        error_ns = abs(highest - lowest) / 2 + _READING_NS
        return Line(
            host_ns=now_ns + offset_ns,
            unix_ns=self._epoch.to_unix_ns(now_ns),
            gain=1.0 / (1.0 + slope) - 1.0,
            error_us=error_ns / 1000,
        )
