"""Numbers a stream's frames so that they rise, also where their device was started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from taver.core.frames import Stamp


class Numbers:
    """Follows one stream's counter; gaps in it are frames that were lost."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._shift = 0
        self._anew = False

    def restarted(self) -> None:
        """Hear that the counter begins anew: what was not given meanwhile is no loss."""
        self._anew = True

    def risen(self, stamp: Stamp) -> tuple[Stamp, int]:
        """Return the next stamp with its number, and how many frames were lost before it."""
        if self._last is None:
            self._last = stamp.number
            return stamp, 0
        number = stamp.number + self._shift
        # A counter that went back was started again, or ran over: nobody knows of a loss.
        if self._anew or number <= self._last:
            number = self._last + 1
            self._shift = number - stamp.number
            self._anew = False
        lost, self._last = number - self._last - 1, number
        return (
            stamp if number == stamp.number else msgspec.structs.replace(stamp, number=number)
        ), lost
