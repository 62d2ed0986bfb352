"""What devices without hardware do alike: they are chosen, and their frames come by the clock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from taver.core.errors import DeviceError

if TYPE_CHECKING:
    from taver.core.clock import Clock
    from taver.core.frames import DeviceInfo


class Played:
    """Keeps when the first frame is due, and whether more are wanted."""

    WHAT: ClassVar[str]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_ns: int | None = None
        self._stopped = threading.Event()
        self._is_open = False

    @classmethod
    def missing(cls) -> str | None:
        """Return None: it needs nothing but what taver always has."""
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """Return nothing: what has no hardware is chosen, never found."""
        return []

    def start(self, at_ns: int) -> None:
        """Let the first frame come at `at_ns`."""
        if not self._is_open:
            raise DeviceError(f"{self.WHAT} was not opened", fix="call open() before start()")
        self._start_ns = at_ns

    def stop(self) -> None:
        """End the frames; one that is waited for does not come."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of what it plays from; may be called twice."""
        self.stop()
        self._is_open = False
        self._start_ns = None

    def _opened(self) -> None:
        """Be open from now on, as often as it is opened."""
        self._is_open = True
        self._stopped.clear()

    def _started_ns(self) -> int:
        if self._start_ns is None:
            raise DeviceError(f"{self.WHAT} was not started", fix="call start() first")
        return self._start_ns

    def _is_wanted_at(self, host_ns: int) -> bool:
        """Wait until then; tell whether a frame is wanted still."""
        self._clock.sleep_until_ns(host_ns, self._stopped)
        return not self._stopped.is_set()
