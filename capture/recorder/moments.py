"""Tells when frames were taken, from when they arrived and what the device's own clock says.

A frame arrives late by whatever the wire, the driver and the scheduler took, and never early. The
device's clock ticks evenly, but from a beginning and at a rate of its own. So the least delayed of
the frames of the last seconds tells how far the two clocks are apart; by it every frame's device
time becomes host time, and the delay of one frame no longer moves it. In ten seconds a clock that
is wrong by 100 ppm is off by 1 ms: little beside the 33 ms between two frames that are chosen from.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from taver.core.frames import Stamp

_WINDOW_NS: Final = 10 * NS_PER_S
# No frame is so late: the device's clock jumped.
_JUMP_NS: Final = NS_PER_S


class Moments:
    """The running comparison of one stream's two clocks."""

    def __init__(self) -> None:
        # When, and by how much the host's clock was ahead; rising in both, so that the first is
        # the least of the window.
        self._ahead: deque[tuple[int, int]] = deque()
        self._device_ns = 0

    def host_ns(self, stamp: Stamp) -> int:
        """Return when the frame was taken, but for the shortest delay there is."""
        if stamp.device_ns is None:
            return stamp.host_ns
        ahead_ns = stamp.host_ns - stamp.device_ns
        has_jumped = self._ahead and abs(ahead_ns - self._ahead[0][1]) > _JUMP_NS
        if has_jumped or stamp.device_ns < self._device_ns:
            self._ahead.clear()
        self._device_ns = stamp.device_ns
        while self._ahead and self._ahead[0][0] < stamp.host_ns - _WINDOW_NS:
            self._ahead.popleft()
        while self._ahead and self._ahead[-1][1] >= ahead_ns:
            self._ahead.pop()
        self._ahead.append((stamp.host_ns, ahead_ns))
        return stamp.device_ns + self._ahead[0][1]
