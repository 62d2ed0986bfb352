"""A machine's clock as wrong as it is asked to be: real machines' clocks differ and drift."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from taver.core.clock import NS_PER_S, machine_ns

if TYPE_CHECKING:
    import threading

    from capture.agent.launch import Skew


class SkewedClock:
    """The machine's own clock, ahead and drifting; the same for all processes of one skew."""

    def __init__(self, skew: Skew) -> None:
        self._skew = skew
        self._began_ns = machine_ns()

    def now_ns(self) -> int:
        """Return what the wrong clock says."""
        return self.at(machine_ns())

    def at(self, true_ns: int) -> int:
        """Return what it says when the right one says `true_ns`."""
        skew = self._skew
        stands_ns = self._began_ns + round(skew.stands_at_s * NS_PER_S)
        if skew.stands_for_s and true_ns > stands_ns:
            true_ns = max(stands_ns, true_ns - round(skew.stands_for_s * NS_PER_S))
        return skew.ahead_ns + true_ns + round(true_ns * skew.drift_ppm * 1e-6)

    def sleep_until_ns(self, when_ns: int, stopped: threading.Event | None = None) -> None:
        """Sleep until it says so."""
        while (left_ns := when_ns - self.now_ns()) > 0:
            if stopped is None:
                time.sleep(left_ns / NS_PER_S)
            elif stopped.wait(left_ns / NS_PER_S):
                return
