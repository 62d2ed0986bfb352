"""When the thermal camera closes its shutter to look at something of even temperature."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from capture.sim import noise
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ShutterEvent:
    """The shutter was closed from one moment until just before another."""

    number: int  # 0 is the correction at power-up, before the first frame
    closed_ns: int
    opened_ns: int


class Shutter:
    """A plan that is fixed by the seed: nothing that happens moves it."""

    def __init__(self, seed: int, *, period_s: float = 180.0, closed_s: float = 0.5) -> None:
        self._key = noise.key(seed, "shutter")
        self._period_ns = max(round(period_s * NS_PER_S), 2 * round(closed_s * NS_PER_S), 1)
        self._closed_ns = round(closed_s * NS_PER_S)

    def event(self, number: int) -> ShutterEvent:
        """Return the `number`th correction: about a period after the one before."""
        if number == 0:
            return ShutterEvent(number=0, closed_ns=-self._closed_ns, opened_ns=0)
        # The camera waits for its temperature to change, too: a tenth of a period more or less.
        late = 0.2 * noise.chance(self._key, number) - 0.1
        closed_ns = round((number + late) * self._period_ns)
        return ShutterEvent(
            number=number, closed_ns=closed_ns, opened_ns=closed_ns + self._closed_ns
        )

    def last_before(self, t_ns: int) -> ShutterEvent:
        """Return the correction that was begun last; at time 0 that is the one at power-up."""
        number = max(t_ns // self._period_ns + 1, 0)
        while number > 0 and self.event(number).closed_ns > t_ns:
            number -= 1
        return self.event(number)

    def events(self, from_ns: int, until_ns: int) -> Iterator[ShutterEvent]:
        """Yield the corrections that begin in this time, for the truth."""
        number = max(from_ns // self._period_ns - 1, 1)
        while (event := self.event(number)).closed_ns < until_ns:
            if event.closed_ns >= from_ns:
                yield event
            number += 1
