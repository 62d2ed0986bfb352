"""A device that is to be recorded, and the clock it runs by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from taver.core.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.core.clock import Clock
    from taver.core.frames import Driver


class Source(NamedTuple):
    """A driver, and the clock it runs by."""

    driver: Driver
    clock: Clock
    # Makes a fresh driver of the same device after this one broke; without it the same one is
    # closed, opened and started again.
    again: Callable[[], Driver] | None = None

    @property
    def paced(self) -> bool:
        """Whether frames come when they come; a virtual clock waits for whoever takes them."""
        return not isinstance(self.clock, VirtualClock)

    def renewed(self) -> Source:
        """Return the device as it is to be opened again."""
        return self if self.again is None else self._replace(driver=self.again())
