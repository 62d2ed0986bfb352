"""A hand that comes up before the face, stays there, and goes down again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from capture.sim import noise
from capture.sim.plausible import REACHING_S
from taver.core.pose import Pose

if TYPE_CHECKING:
    from capture.sim.scenario import Person

# In the head's frame: before the nose's tip, over mouth and nose, or over one eye.
_BEFORE_MM: Final = -75.0
_DOWN_MM: Final = 420.0


def before(head: Pose, key: int, person: Person, t_s: float) -> Pose | None:
    """Return the pose of the hand, or nothing while it is down.

    The hand's frame has its origin in the palm's middle, y from the fingers to the wrist, and z
    from the back of the hand to the face.
    """
    for number, (start_s, end_s) in enumerate(person.hand):
        if start_s < t_s < end_s:
            up = noise.window(t_s, start_s, end_s, REACHING_S)
            aside, high, tilt = noise.uniform(key, [3 * number, 3 * number + 1, 3 * number + 2])
            held = Pose.from_rotation_vector(
                (0.0, 0.0, math.radians(-25.0 + 50.0 * tilt)),
                (
                    70.0 * (aside - 0.5) + noise.wander(key ^ 1, t_s, 0.4),
                    75.0 - 65.0 * high + (1.0 - up) * _DOWN_MM + noise.wander(key ^ 2, t_s, 0.4),
                    _BEFORE_MM - 40.0 * (1.0 - up),
                ),
            )
            return held.then(head)
    return None
