"""What stands before the simulated cameras at one moment.

The world is the colour camera's frame: x to the right, y down, z forward, in millimetres. A person
who looks straight into the camera has the head pose of no rotation.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taver.core.pose import Pose


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Skin:
    """How far parts of a face are from their temperature at rest."""

    nose_k: float = 0.0
    cheeks_k: float = 0.0
    forehead_k: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Performance:
    """What one person does at one moment."""

    head: Pose  # from the head's frame (origin between the eyes) to the world
    units: Mapping[str, float]  # ARKit-style face units, 0 to 1, blinks and talking included
    gaze_yaw_deg: float = 0.0  # of the eyes in the head; positive to the picture's right
    gaze_pitch_deg: float = 0.0  # positive down
    skin: Skin = Skin()
    hand: Pose | None = None  # of a hand before the face, from the hand's frame to the world


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A person in the scene: who, by seed, and what they do."""

    identity: int
    performance: Performance


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BoardView:
    """A calibration board somewhere in the scene."""

    board: Board
    pose: Pose  # from the board's frame (origin at the first inner corner, z into the board)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """A board of squares: a chessboard, or a ChArUco board where `dictionary` names one."""

    columns: int = 5  # inner corners
    rows: int = 7
    square_mm: float = 30.0
    dictionary: str | None = None
    inkjet: bool = False  # whose black the infrared does not see; a laser's it does
    warm_k: float = 8.0  # how much warmer than the room the heated board is


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Where it happens."""

    light: float = 1.0  # 1 is a lit office; below 0.35 the Kinect's colour falls to 15 fps
    light_yaw_deg: float = 0.0  # where the main light comes from
    wall_mm: float = 2200.0
    air_k: float = 295.65


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """All that can be seen at one moment, nearest matters most."""

    actors: tuple[Actor, ...] = ()
    boards: tuple[BoardView, ...] = ()
    room: Room = Room()
