"""Time is integer nanoseconds: a clock that runs, and one that jumps as far as it is asked."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Protocol

import msgspec

if TYPE_CHECKING:
    import threading

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def machine_ns() -> int:
    """Return the machine's monotonic time, the same in all its processes."""
    # Before Python 3.13 the clock of that name moves in steps of 15.6 ms on Windows.
    if sys.platform == "win32" and sys.version_info < (3, 13):
        return time.perf_counter_ns()
    return time.monotonic_ns()


class Clock(Protocol):
    """Monotonic time of one machine, and waiting by it."""

    def now_ns(self) -> int:
        """Return nanoseconds since an epoch of the clock's own; they never go back."""
        ...

    def sleep_until_ns(self, when_ns: int, stopped: threading.Event | None = None) -> None:
        """Return when `now_ns()` has reached `when_ns`, or `stopped` is set."""
        ...


class HostClock:
    """The machine's own monotonic clock."""

    def now_ns(self) -> int:
        """Return the machine's monotonic time."""
        return machine_ns()

    def sleep_until_ns(self, when_ns: int, stopped: threading.Event | None = None) -> None:
        """Sleep until then; a signal that wakes us early does not shorten it."""
        while (left_ns := when_ns - machine_ns()) > 0:
            if stopped is None:
                time.sleep(left_ns / NS_PER_S)
            elif stopped.wait(left_ns / NS_PER_S):
                return


class VirtualClock:
    """A clock that stands still until somebody waits by it: simulation as fast as it goes."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return how far the clock was taken."""
        return self._now_ns

    def sleep_until_ns(self, when_ns: int, stopped: threading.Event | None = None) -> None:  # noqa: ARG002  it never waits
        """Jump to then."""
        self._now_ns = max(self._now_ns, when_ns)


# Nanoseconds fit into 64 bits until the year 2262; what a file says beyond that is damaged.
Ns = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Epoch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One moment read on both clocks, so that monotonic time can be told as a date."""

    host_ns: Ns
    unix_ns: Ns

    @classmethod
    def now(cls) -> Epoch:
        """Read the machine's two clocks as close together as Python can."""
        before_ns = machine_ns()
        unix_ns = time.time_ns()
        return cls(host_ns=(before_ns + machine_ns()) // 2, unix_ns=unix_ns)

    def to_unix_ns(self, host_ns: int) -> int:
        """Tell a monotonic time as nanoseconds since 1970."""
        return self.unix_ns + (host_ns - self.host_ns)
