"""Points as they come, for a preview: smoothed by what was, for what will be is not known.

The One-Euro filter (Casiez, Roussel and Vogel 2012): a first-order low pass whose cut-off rises
with speed. It lags; for recordings `smooth` is better.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.clock import NS_PER_S
from taver.faces.home import Home
from taver.faces.track import Tracker
from taver.faces.view import Plain

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.chips import Chips
    from taver.faces.finder import Detector
    from taver.faces.points import Floats
    from taver.faces.track import Step

_SPEED_CUTOFF_HZ: Final = 1.0
_ANYBODY: Final = Home((0.0, 0.0), 0.0, 0.0)


class OneEuro:
    """Smooths an array of values that arrives again and again."""

    def __init__(self, still_hz: float = 1.5, per_speed: float = 0.02) -> None:
        """Take the cut-off of what stands still, and how it rises with a unit a second."""
        self._still_hz, self._per_speed = still_hz, per_speed
        self._value: Floats | None = None
        self._speed: Floats | None = None
        self._at_ns = 0

    def __call__(self, values: Floats, unix_ns: int) -> Floats:
        """Return the values as they are about now; time has to go on."""
        passed_s = (unix_ns - self._at_ns) / NS_PER_S
        if self._value is None or self._speed is None or passed_s <= 0:
            self._value, self._speed, self._at_ns = values, np.zeros_like(values), unix_ns
            return values
        speed = (values - self._value) / passed_s
        self._speed = self._speed + _share(_SPEED_CUTOFF_HZ, passed_s) * (speed - self._speed)
        cutoff_hz = self._still_hz + self._per_speed * np.abs(self._speed)
        self._value = self._value + _share(cutoff_hz, passed_s) * (values - self._value)
        self._at_ns = unix_ns
        return self._value

    def forget(self) -> None:
        """Start anew: what comes next has nothing to do with what was."""
        self._value = None


class Live:
    """Follows a face while it is recorded; the nearest one, where there are several."""

    def __init__(self, chips: Chips, detector: Detector) -> None:
        self._tracker = Tracker(chips, detector, _ANYBODY)
        self._filter = OneEuro()

    def step(self, pixels: npt.NDArray[np.uint8], unix_ns: int) -> Step:
        """Return where the face is in an RGB picture that was just taken."""
        step = self._tracker.step(Plain(pixels), unix_ns)
        if step.points is None:
            self._filter.forget()
            return step
        return step._replace(points=self._filter(step.points, unix_ns))


def _share(cutoff_hz: float | Floats, passed_s: float) -> float | Floats:
    """Return which share of the way to a new value a low pass goes in that time."""
    turn = 2 * math.pi * cutoff_hz * passed_s
    return turn / (turn + 1)
