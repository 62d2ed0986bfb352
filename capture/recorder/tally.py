"""Counts a stream's frames so that at every moment taken = stored + dropped + queued."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import FrameStatus
from taver.core.session.streams import LOST_BY_DEVICE

if TYPE_CHECKING:
    from taver.core.frames import Stamp

_WINDOW_NS: Final = 3 * NS_PER_S


class Tally:
    """One stream's counts; its owner holds a lock around each call."""

    def __init__(self) -> None:
        self.taken = self.stored = self.queued = 0
        self.frozen = self.incomplete = 0
        self.dropped: Counter[str] = Counter()
        self._came_ns: deque[int] = deque()
        self._written: deque[tuple[int, int]] = deque()  # when, and how long after it was taken

    def take(self, host_ns: int, lost: int, status: FrameStatus) -> None:
        """Count a frame that came, and those that the device lost before it."""
        self.lose(lost)
        self.taken += 1
        self.queued += 1
        if status & FrameStatus.FROZEN:
            self.frozen += 1
        self._came_ns.append(host_ns)
        while self._came_ns[0] < host_ns - _WINDOW_NS:
            self._came_ns.popleft()

    def lose(self, count: int) -> None:
        """Count frames that the device lost."""
        if count > 0:
            self.taken += count
            self.dropped[LOST_BY_DEVICE] += count

    def drop(self, why: str) -> None:
        """Count a frame that will not be stored."""
        self.queued -= 1
        self.dropped[why] += 1

    def store(self, now_ns: int, stamp: Stamp) -> None:
        """Count a frame whose bytes the operating system has."""
        self.queued -= 1
        self.stored += 1
        if stamp.status & FrameStatus.INCOMPLETE:
            self.incomplete += 1
        self._written.append((now_ns, now_ns - stamp.host_ns))
        while self._written[0][0] < now_ns - _WINDOW_NS:
            self._written.popleft()

    def rate_hz(self, now_ns: int) -> float:
        """Return how many frames came a second, over the last three."""
        recent = [came for came in self._came_ns if came > now_ns - _WINDOW_NS]
        if len(recent) < 2:
            return 0.0
        even_ns = (recent[-1] - recent[0]) / (len(recent) - 1)
        # Between two frames nothing is missing; long after the last one something is.
        silent_ns = max(0.0, now_ns - recent[-1] - 2 * even_ns)
        return (len(recent) - 1) * NS_PER_S / (recent[-1] - recent[0] + silent_ns)

    def write_p99_ms(self) -> float:
        """Return within how long 99 of 100 frames were written, over the last seconds."""
        delays = sorted(delay for _, delay in self._written)
        return delays[(len(delays) * 99) // 100] / NS_PER_MS if delays else 0.0
