"""How a simulated person holds the head: sway, slow turns, nods, walking off and coming back."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import noise
from capture.sim.plausible import LEAVING_S
from taver.core.pose import Pose

if TYPE_CHECKING:
    from capture.sim.scenario import Passer, Person

# Of a plane's distance: the colour camera sees 0.89 to each side, another seed's a little more.
_HALF_VIEW: Final = 0.92
_HALF_BODY_MM: Final = 330.0
_STEP_S: Final = 0.55
_NOD_EVERY_S: Final = 5.0
_NOD_S: Final = 1.1
_NOD_DEG: Final = 4.5
_NOD_HZ: Final = 2.0
_WALK_YAW_DEG: Final = 55.0


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """Where a head is and how it is turned; 0 degrees looks straight into the camera."""

    x_mm: float
    y_mm: float
    z_mm: float
    yaw_deg: float  # the face turns to the picture's right
    pitch_deg: float  # down
    roll_deg: float  # clockwise in the picture

    @property
    def pose(self) -> Pose:
        """Return the way from the head's frame to the world: roll, then pitch, then yaw."""
        yaw, pitch, roll = np.radians([-self.yaw_deg, self.pitch_deg, self.roll_deg])
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        cr, sr = np.cos(roll), np.sin(roll)
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return Pose.from_matrix(about_y @ about_x @ about_z, (self.x_mm, self.y_mm, self.z_mm))


def sitting(key: int, person: Person, t_s: float, *, lively: float, listening: bool) -> Head:
    """Return the head of somebody who sits; `lively`, from 0 to 1, is how much it moves."""
    much = 0.6 + 0.8 * lively
    turns = [noise.wander(key + axis, t_s, step_s) for axis, step_s in enumerate((2.6, 2.1, 2.9))]
    sway = [noise.wander(key + 3 + axis, t_s, 2.4) for axis in range(3)]
    nod_deg = _nod_deg(key, t_s) if listening else 0.0
    return Head(
        x_mm=person.aside_mm + 12.0 * much * sway[0],
        y_mm=10.0 + 5.0 * much * sway[1] + 0.8 * nod_deg,
        z_mm=person.distance_mm + 12.0 * sway[2],
        yaw_deg=4.5 * much * turns[0],
        pitch_deg=2.2 * much * turns[1] + nod_deg,
        roll_deg=1.8 * much * turns[2],
    )


def with_absences(head: Head, person: Person, t_s: float) -> Head | None:
    """Return `head`, on its way out or back, or nothing while the person is away."""
    for start_s, end_s in person.away:
        if start_s < t_s < end_s:
            gone = noise.ease((t_s - start_s) / LEAVING_S)
            back = noise.ease((t_s - (end_s - LEAVING_S)) / LEAVING_S)
            if gone == 1.0 and back == 0.0:
                return None
            side = 1.0 if person.aside_mm >= 0 else -1.0
            heading = side if back == 0.0 else -side
            return _walking(head, side, gone - back, heading)
    return head


def passing(passer: Passer, t_s: float) -> Head | None:
    """Return the head of somebody who walks through, while they are to be seen."""
    share = (t_s - passer.start_s) / passer.seconds
    if not 0 < share < 1:
        return None
    heading = 1.0 if passer.heading == "right" else -1.0
    reach_mm = _HALF_VIEW * passer.distance_mm + _HALF_BODY_MM
    return Head(
        x_mm=heading * reach_mm * (2 * share - 1),
        y_mm=-40.0 + 12.0 * math.sin(2 * math.pi * (t_s - passer.start_s) / _STEP_S),
        z_mm=passer.distance_mm,
        yaw_deg=heading * _WALK_YAW_DEG,
        pitch_deg=3.0,
        roll_deg=0.0,
    )


def _walking(head: Head, side: float, share: float, heading: float) -> Head:
    """Return a head that has gone this share of the way out of the picture."""
    out_mm = side * (_HALF_VIEW * head.z_mm + _HALF_BODY_MM)
    turning = noise.ease(5 * share) * noise.ease(5 * (1.2 - share))
    return dataclasses.replace(
        head,
        x_mm=head.x_mm + share * (out_mm - head.x_mm),
        y_mm=head.y_mm - 60.0 * noise.ease(2 * share),
        yaw_deg=head.yaw_deg + turning * (heading * _WALK_YAW_DEG - head.yaw_deg),
    )


def _nod_deg(key: int, t_s: float) -> float:
    """Return how far a nod has the head down; most stretches of 5 s have one."""
    cell = math.floor(t_s / _NOD_EVERY_S)
    when, whether = noise.chance(key ^ 5, 2 * cell), noise.chance(key ^ 5, 2 * cell + 1)
    into_s = t_s - cell * _NOD_EVERY_S - when * (_NOD_EVERY_S - _NOD_S)
    if whether > 0.6 or not 0 < into_s < _NOD_S:
        return 0.0
    swell = math.sin(math.pi * into_s / _NOD_S) ** 2
    return _NOD_DEG * swell * math.sin(2 * math.pi * _NOD_HZ * into_s)
