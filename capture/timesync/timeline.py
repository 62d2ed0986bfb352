"""What time it is by the master, as a machine knows it while it records.

It never goes back, whatever better knowledge says: a small correction is made up over a second, a
large one forward at once. The recordings keep the machine's own clock as well, and are brought
together by the fit that is made when all is known.
"""

from __future__ import annotations

import bisect
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.clock import NS_PER_S, Epoch

if TYPE_CHECKING:
    from capture.timesync.line import Line

_KEPT: Final = 32  # stretches: threads ask for moments that have just passed
_MADE_UP_IN_NS: Final = NS_PER_S


class _Stretch(NamedTuple):
    """One straight part."""

    host_ns: int
    unix_ns: int
    gain: float

    def at(self, host_ns: int) -> int:
        since_ns = host_ns - self.host_ns
        return self.unix_ns + since_ns + round(since_ns * self.gain)

    def when(self, unix_ns: int) -> int:
        return self.host_ns + round((unix_ns - self.unix_ns) / (1.0 + self.gain))


class FollowingTimeline:
    """Follows the lines that the master sends; from any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._stretches: list[_Stretch] = []
        self._line: Line | None = None

    @property
    def known(self) -> bool:
        """Whether the master has sent a line yet."""
        return self._line is not None

    def follow(self, line: Line, now_ns: int, *, smoothly: bool) -> None:
        """Take a line to be true from now on; `smoothly` where times were told already."""
        with self._turn:
            new = _Stretch(line.host_ns, line.unix_ns, line.gain)
            self._line = line
            if not smoothly or not self._stretches:
                self._stretches = [_Stretch(now_ns, new.at(now_ns), new.gain)]
                return
            reached = self._at(now_ns)
            ahead_ns = new.at(now_ns) - reached
            before = [s for s in self._stretches if s.host_ns < now_ns]
            if ahead_ns > _MADE_UP_IN_NS // 2:
                later = [_Stretch(now_ns, new.at(now_ns), new.gain)]
            else:
                in_ns = max(_MADE_UP_IN_NS, -2 * ahead_ns)
                there = new.at(now_ns + in_ns)
                later = [
                    _Stretch(now_ns, reached, (there - reached - in_ns) / in_ns),
                    _Stretch(now_ns + in_ns, there, new.gain),
                ]
            self._stretches = [*before[-_KEPT:], *later]

    def tied_to(self, epoch: Epoch) -> None:
        """Take this machine's clock for the master's own, which `epoch` turns into dates."""
        with self._turn:
            self._stretches = [_Stretch(epoch.host_ns, epoch.unix_ns, 0.0)]

    def to_unix_ns(self, host_ns: int) -> int:
        """Tell a moment of this machine as the master's date."""
        with self._turn:
            return self._at(host_ns)

    def to_host_ns(self, unix_ns: int) -> int:
        """Tell the master's date as a moment of this machine, by the newest line."""
        with self._turn:
            last = self._stretches[-1]
            return last.when(unix_ns)

    def _at(self, host_ns: int) -> int:
        if not self._stretches:  # nothing is recorded yet: this machine's own date will do
            return Epoch.now().to_unix_ns(host_ns)
        place = bisect.bisect_right(self._stretches, host_ns, key=lambda s: s.host_ns) - 1
        return self._stretches[max(place, 0)].at(host_ns)
