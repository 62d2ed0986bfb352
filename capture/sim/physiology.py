"""Skin temperature follows arousal slowly: under stress the nose cools by whole kelvins.

First-order lags, solved exactly for an arousal that is straight between the points of a grid of
its own, so that the answer does not depend on which frames are asked for. Nose: Merla and Romani
("Thermal signatures of emotional arousal", 2007) and others report drops of this size and speed.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import noise
from capture.sim.scene import Skin

if TYPE_CHECKING:
    from capture.sim.curves import Affect
    from capture.sim.scenario import Body

STEP_S: Final = 0.25
_BLOCK: Final = 1024  # grid points that are solved together


class Lag:
    """A first-order lag behind a function of time: y' = (gain * u - y) / time constant."""

    def __init__(self, drive: Affect, *, gain: float, time_constant_s: float) -> None:
        self._drive = drive
        self._gain = gain
        share = STEP_S / time_constant_s
        # For u = u0 + (u1 - u0) s / h on a step of length h: y1 = a y0 + b u0 + c u1.
        self._a = math.exp(-share)
        filled = -math.expm1(-share)
        self._c = 1.0 - filled / share
        self._b = filled - self._c
        self._solved: list[float] = []

    def at(self, t_s: float) -> float:
        """Return the value at this time; at 0 and before it is where it would settle."""
        place = max(t_s, 0.0) / STEP_S
        cell = math.floor(place)
        while len(self._solved) < cell + 2:
            self._solve_block()
        before, after = self._solved[cell : cell + 2]
        return before + (place - cell) * (after - before)

    def _solve_block(self) -> None:
        first = len(self._solved)
        drive = self._gain * self._drive.at(STEP_S * np.arange(first - 1, first + _BLOCK))
        values = drive.tolist()
        if not self._solved:
            self._solved.append(values[1])
            values = values[1:]
        for u0, u1 in itertools.pairwise(values):
            self._solved.append(self._a * self._solved[-1] + self._b * u0 + self._c * u1)


class Physiology:
    """One person's skin through time."""

    def __init__(self, key: int, arousal: Affect, body: Body) -> None:
        """Take how this scenario's bodies answer; each person does so 20 % more or less."""
        more = 0.8 + 0.4 * noise.chance(key, 0)
        self._nose, self._cheeks, self._forehead = (
            Lag(arousal, gain=more * gain_k, time_constant_s=time_constant_s)
            for gain_k, time_constant_s in (
                (body.nose_k, body.nose_time_constant_s),
                (body.cheeks_k, body.cheeks_time_constant_s),
                (body.forehead_k, body.forehead_time_constant_s),
            )
        )

    def at(self, t_s: float) -> Skin:
        """Return how far each part of the face is from its temperature at rest."""
        return Skin(
            nose_k=self._nose.at(t_s),
            cheeks_k=self._cheeks.at(t_s),
            forehead_k=self._forehead.at(t_s),
        )
