"""Where a simulated person looks, and when they blink."""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

from capture.sim import noise

# 150 ms a blink: down in 50, shut for 25, up in 75.
DOWN_S, SHUT_S, UP_S = 0.050, 0.025, 0.075
BLINK_S: Final = DOWN_S + SHUT_S + UP_S
_BLINK_EVERY_S: Final = 3.4  # 18 a minute, at rest
_LOOK_S: Final = 1.1  # one place after another
_LOOK_SPREAD_DEG: Final = 2.2
_GLANCE_SHARE: Final = 0.12  # of the looks go far away
_GLANCE_DEG: Final = 14.0


class Gaze(NamedTuple):
    """The direction of a look, as in `Performance`."""

    yaw_deg: float
    pitch_deg: float


def lid(key: int, t_s: float) -> float:
    """Return how far the lids are down by a blink: 0 open, 1 shut."""
    cell = math.floor(t_s / _BLINK_EVERY_S)
    into_s = t_s - cell * _BLINK_EVERY_S - noise.chance(key, cell) * (_BLINK_EVERY_S - 0.4)
    if into_s < DOWN_S + SHUT_S:
        return noise.ease(into_s / DOWN_S)
    return noise.ease((BLINK_S - into_s) / UP_S)


def gaze(key: int, t_s: float) -> Gaze:
    """Return where the eyes look in the room, in jumps: saccades, then rest."""
    cell = math.floor(t_s / _LOOK_S)
    if t_s < _jump_s(key, cell):
        cell -= 1
    old, new = _target(key, cell - 1), _target(key, cell)
    size_deg = math.hypot(new.yaw_deg - old.yaw_deg, new.pitch_deg - old.pitch_deg)
    lasts_s = 0.021 + 0.0022 * size_deg  # Carpenter, "Movements of the eyes", 1988
    share = noise.ease((t_s - _jump_s(key, cell)) / lasts_s)
    return Gaze(
        old.yaw_deg + share * (new.yaw_deg - old.yaw_deg),
        old.pitch_deg + share * (new.pitch_deg - old.pitch_deg),
    )


def _jump_s(key: int, cell: int) -> float:
    """Return when the look of this cell begins."""
    return (cell + 0.8 * noise.chance(key ^ 1, cell)) * _LOOK_S


@functools.lru_cache(maxsize=64)
def _target(key: int, cell: int) -> Gaze:
    """Return where the look of this cell goes."""
    across, down, far = noise.normal(key ^ 2, [3 * cell, 3 * cell + 1, 3 * cell + 2]).tolist()
    size_deg = _LOOK_SPREAD_DEG
    if noise.chance(key ^ 3, cell) < _GLANCE_SHARE:
        across += math.copysign(1.0, far) * _GLANCE_DEG / size_deg
    return Gaze(size_deg * across, 0.7 * size_deg * down)
