"""A person who looks about and moves, drawn with every sensor's faults, and what is true of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from capture import encode
from capture.sim.head.emotion import units_for
from capture.sim.scene import Actor, Performance, Room, Scene
from capture.sim.sensors.suite import SensorSuite
from taver.core.frames import Modality
from taver.core.pose import Pose

if TYPE_CHECKING:
    from capture.sim.render.renderer import Renderer

ALL = (Modality.COLOR, Modality.DEPTH, Modality.IR, Modality.THERMAL)
PERIOD_NS = 100_000_000


class Shot(NamedTuple):
    """One moment: what was recorded, and where the points truly are in each camera."""

    jpeg: bytes
    depth: np.ndarray
    thermal: np.ndarray
    truth: dict[Modality, np.ndarray]
    visible: np.ndarray  # in colour


def moving(renderer: Renderer, identity: int, count: int) -> list[Shot]:
    """Return ten frames a second of a head that goes through the poses of the rig's bench."""
    scenes = []
    for number in range(count):
        t = number / 10
        yaw = math.radians(25 * math.sin(2 * math.pi * t / 6.1 + identity))
        pitch = math.radians(12 * math.sin(2 * math.pi * t / 4.7))
        roll = math.radians(10 * math.sin(2 * math.pi * t / 7.9))
        turned = (
            Pose.from_rotation_vector((0, yaw, 0))
            @ Pose.from_rotation_vector((pitch, 0, 0))
            @ Pose.from_rotation_vector((0, 0, roll))
        )
        place = (
            60 * math.sin(2 * math.pi * t / 5.3),
            25 * math.sin(2 * math.pi * t / 3.9),
            1000 + 180 * math.sin(2 * math.pi * t / 9.7 + identity),
        )
        units = units_for(math.sin(2 * math.pi * t / 5), math.cos(2 * math.pi * t / 7))
        scenes.append(_scene(identity, Pose.from_matrix(turned.rotation_matrix, place), units))
    return _taken(renderer, scenes)


def still(renderer: Renderer, identity: int, count: int, eyes_px: float) -> list[Shot]:
    """Return frames of a head that does not move, its eyes so far apart in colour."""
    place = np.array([15.0, -8.0, 1000.0])
    for _ in range(3):  # how far a face has to be for that depends on the face
        scene = _scene(identity, Pose.from_rotation_vector((0.04, 0.08, 0.03), place), {})
        truth = renderer.landmarks(scene)[0].pixels[Modality.COLOR]
        apart = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
        place = place * (apart / eyes_px)
    scene = _scene(identity, Pose.from_rotation_vector((0.04, 0.08, 0.03), place), {})
    return _taken(renderer, [scene] * count)


def _scene(identity: int, head: Pose, units: dict[str, float]) -> Scene:
    performance = Performance(head=head, units=units)
    return Scene(actors=(Actor(identity=identity, performance=performance),), room=Room())


def _taken(renderer: Renderer, scenes: list[Scene]) -> list[Shot]:
    suite = SensorSuite(renderer.rig, 1)
    shots = []
    ideal = None
    for number, scene in enumerate(scenes):
        if ideal is None or scene is not scenes[number - 1]:
            ideal = renderer.render(scene, ALL)
        seen = suite.take(ideal, scene.room, number, number * PERIOD_NS)
        landmarks = renderer.landmarks(scene)[0]
        shots.append(
            Shot(
                encode.color(seen.pixels[Modality.COLOR]),
                seen.pixels[Modality.DEPTH],
                seen.pixels[Modality.THERMAL],
                dict(landmarks.pixels),
                landmarks.visible[Modality.COLOR],
            )
        )
    return shots
