"""Counters that begin again at zero after 32 bits, told as numbers that go on rising."""

from __future__ import annotations

from typing import Final

_AROUND: Final = 2**32


class Unwrapped:
    """One counter; its values have to come less than half a turn apart, in about their order."""

    def __init__(self) -> None:
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """Return `value` with all turns that went before."""
        if self._last is None:
            self._last = value
            return value
        step = (value - self._last) % _AROUND
        if step >= _AROUND // 2:  # a little back, not nearly a turn ahead
            return self._last + step - _AROUND
        self._last += step
        return self._last
