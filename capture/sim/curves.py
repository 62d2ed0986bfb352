"""Valence and arousal through time: through points a person gave, or a random walk by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from capture.sim import noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_KNOTS_PER_TIME_CONSTANT: Final = 10
_MEMORY_TIME_CONSTANTS: Final = 7  # what is older weighs less than a thousandth


class Affect(Protocol):
    """Valence or arousal as a function of time, in [-1, 1]."""

    def at(self, t_s: npt.ArrayLike) -> Floats:
        """Return the values at these times, in seconds from the scenario's start."""
        ...


class Curve:
    """A smooth curve through given points, level before the first and after the last.

    Piecewise cubic with the slopes of Fritsch and Carlson ("Monotone piecewise cubic
    interpolation", 1980): between two points it never leaves the range of the two.
    """

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        """Take (time in seconds, value) with rising times."""
        self._t_s = np.array([t_s for t_s, _ in points], np.float64)
        self._values = np.array([value for _, value in points], np.float64)
        self._slopes = _slopes(self._t_s, self._values)

    def at(self, t_s: npt.ArrayLike) -> Floats:
        """Return the values at these times."""
        t = np.clip(np.asarray(t_s, np.float64), self._t_s[0], self._t_s[-1])
        if len(self._t_s) == 1:
            return np.full(t.shape, self._values[0])
        left = np.clip(np.searchsorted(self._t_s, t, "right") - 1, 0, len(self._t_s) - 2)
        width = self._t_s[left + 1] - self._t_s[left]
        return _cubic(
            (t - self._t_s[left]) / width,
            self._values[left],
            self._values[left + 1],
            self._slopes[left] * width,
            self._slopes[left + 1] * width,
        )


class RandomWalk:
    """A mean-reverting random walk (Ornstein and Uhlenbeck, 1930), smooth between its knots.

    Its correlation falls to 1/e over the time constant; values that would leave [-1, 1] are bent
    back. It has no beginning: a value is a weighted sum of the random pushes before it.
    """

    def __init__(self, key: int, *, mean: float, spread: float, time_constant_s: float) -> None:
        self._key = key
        self._mean = mean
        self._spread = spread
        self._step_s = time_constant_s / _KNOTS_PER_TIME_CONSTANT
        age = np.arange(_KNOTS_PER_TIME_CONSTANT * _MEMORY_TIME_CONSTANTS)[::-1]
        weights = np.exp(-age / _KNOTS_PER_TIME_CONSTANT)
        self._weights = weights / np.sqrt(np.sum(weights**2))

    def at(self, t_s: npt.ArrayLike) -> Floats:
        """Return the values at these times."""
        place = np.asarray(t_s, np.float64) / self._step_s
        cell = np.floor(place).astype(np.int64)
        first = int(cell.min()) - 1
        knots = self._knots(first, int(cell.max()) + 3 - first)
        before, left, right, after = (knots[cell - first + shift] for shift in (-1, 0, 1, 2))
        return _cubic(
            place - cell,
            left,
            right,
            _between(left - before, right - left),
            _between(right - left, after - right),
        )

    def _knots(self, first: int, count: int) -> Floats:
        """Return the walk at its knots."""
        memory = len(self._weights)
        pushes = noise.normal(self._key, np.arange(first - memory + 1, first + count))
        windows = np.lib.stride_tricks.sliding_window_view(pushes, memory)
        free = self._mean + self._spread * np.sum(windows * self._weights, axis=-1)
        return np.asarray(free / (1.0 + free**8) ** 0.125)  # like itself until about 0.7


def _slopes(t_s: Floats, values: Floats) -> Floats:
    """Return the slope at each point; 0 where the curve turns, and at both ends."""
    slopes = np.zeros(len(t_s))
    if len(t_s) > 2:
        steps = np.diff(values) / np.diff(t_s)
        slopes[1:-1] = _between(steps[:-1], steps[1:])
    return slopes


def _between(a: Floats, b: Floats) -> Floats:
    """Return the harmonic mean of two slopes of one sign, else 0: then nothing overshoots."""
    product = a * b
    together = np.where(product > 0, a + b, 1.0)
    return np.where(product > 0, 2.0 * product / together, 0.0)


def _cubic(u: Floats, left: Floats, right: Floats, slope: Floats, slope_right: Floats) -> Floats:
    """Return Hermite's cubic at the share `u` of the way; slopes are per whole way."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    value = (
        (1 + 2 * u) * (1 - u) ** 2 * left
        + u * (1 - u) ** 2 * slope
        + u**2 * (3 - 2 * u) * right
        - u**2 * (1 - u) * slope_right
    )
    return np.asarray(np.clip(value, low, high))  # rounding alone would leave the range
