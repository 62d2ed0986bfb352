"""What happened, numbered, so that nothing is told twice and nothing is missed."""

from __future__ import annotations

import collections
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from capture.status import Happening

_KEPT: Final = 1_000
_AT_ONCE: Final = 50


class News:
    """From any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kept: collections.deque[tuple[int, Happening]] = collections.deque(maxlen=_KEPT)
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest."""
        return self._last

    def put(self, happening: Happening) -> None:
        """Keep something that happened."""
        with self._turn:
            self._last += 1
            self._kept.append((self._last, happening))

    def after(self, heard: int) -> tuple[tuple[Happening, ...], int]:
        """Return what follows number `heard`, not too much at once, and the last one's number."""
        with self._turn:
            if heard > self._last:
                heard = 0  # heard from a program that was here before this one
            later = [(number, one) for number, one in self._kept if number > heard][:_AT_ONCE]
        return tuple(one for _, one in later), later[-1][0] if later else heard
