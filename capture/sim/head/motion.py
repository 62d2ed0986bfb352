"""A person at one moment: face units, gaze and pose turned into vertices in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled
from taver.core.errors import InputError
from taver.core.pose import Pose

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.person import Person
    from capture.sim.scene import Performance

    Floats = npt.NDArray[np.float32]
    Float64 = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]

_TORSO_SHARE = 0.28  # how much of the head's turn the shoulders take part in
_NECK_RAD = 0.6
_NECK_MM = (0.0, 165.0, 75.0)  # where the neck rises from the shoulders
_TEETH_SHOW = 0.06  # of the units that part the lips
_PARTING = {
    "jawOpen": 1.0,
    "mouthUpperUpLeft": 0.5,
    "mouthUpperUpRight": 0.5,
    "mouthLowerDownLeft": 0.5,
    "mouthLowerDownRight": 0.5,
    "mouthFunnel": 0.5,
    "tongueOut": 1.0,
}


def weights_of(who: Person, performance: Performance) -> dict[str, float]:
    """Return the face units in use, with the lids' following of the gaze added."""
    unknown = sorted(set(performance.units) - set(who.unit_names))
    if unknown:
        raise InputError(
            f"No face units of these names: {', '.join(unknown)}",
            fix=f"use some of: {', '.join(who.unit_names)}",
        )
    weights = {name: float(np.clip(w, 0, 1)) for name, w in performance.units.items()}
    down = performance.gaze_pitch_deg / 30
    blink = max(weights.get("eyeBlinkLeft", 0.0), weights.get("eyeBlinkRight", 0.0))
    for side in ("Left", "Right"):
        for name, amount in ((f"eyeLookDown{side}", down), (f"eyeLookUp{side}", -down)):
            if amount > 0:
                weights[name] = float(np.clip(weights.get(name, 0) + amount * (1 - blink), 0, 1))
    return {name: w for name, w in weights.items() if w > 0}


def mouth_is_open(weights: dict[str, float]) -> bool:
    """Tell whether what is behind the lips may be seen."""
    return sum(share * weights.get(name, 0.0) for name, share in _PARTING.items()) > _TEETH_SHOW


def placed(who: Person, performance: Performance, weights: dict[str, float]) -> Floats:
    """Return the vertices (V, 3) in the world."""
    face = who.neutral_mm.copy()
    chosen = np.array([who.unit_names.index(name) for name in weights], np.int32)
    amounts = np.array(list(weights.values()), np.float32)
    _express(face, who.units, chosen, amounts)
    yaw, pitch = np.radians([performance.gaze_yaw_deg, performance.gaze_pitch_deg])
    for vertices, centre in zip(who.eyes, who.eye_centres_mm, strict=True):
        _roll(
            face,
            vertices,
            centre,
            float(np.sin(yaw)),
            float(np.cos(yaw)),
            float(np.sin(pitch)),
            float(np.cos(pitch)),
        )
    head = performance.head
    turn = head.rotation_vector
    angle = float(np.linalg.norm(turn))
    # Shoulders take part a little, and wholly beyond what a neck can do.
    share = max(_TORSO_SHARE, 1 - _NECK_RAD / angle) if angle > 0 else 0.0
    shoulders = Pose.from_rotation_vector(turn * share)
    neck = np.array(_NECK_MM)
    moved = head.apply(neck) - shoulders.apply(neck)
    _carry(
        face,
        who.follows_head,
        np.column_stack([head.rotation_matrix, head.translation_mm]),
        np.column_stack([shoulders.rotation_matrix, moved]),
    )
    return face


@compiled
def _express(face: Floats, units: Floats, chosen: Ints, amounts: Floats) -> None:
    for k in range(len(chosen)):
        unit = units[chosen[k]]
        amount = amounts[k]
        for i in range(unit.shape[0]):
            for axis in range(3):
                face[i, axis] += amount * unit[i, axis]


@compiled
def _roll(
    face: Floats,
    vertices: Ints,
    centre: Floats,
    sin_yaw: float,
    cos_yaw: float,
    sin_pitch: float,
    cos_pitch: float,
) -> None:
    """Turn an eyeball about its centre: it looks along -z, yaw to +x, pitch to +y."""
    for k in range(len(vertices)):
        i = vertices[k]
        x, y, z = face[i, 0] - centre[0], face[i, 1] - centre[1], face[i, 2] - centre[2]
        y, z = cos_pitch * y - sin_pitch * z, sin_pitch * y + cos_pitch * z
        x, z = cos_yaw * x - sin_yaw * z, sin_yaw * x + cos_yaw * z
        face[i, 0] = centre[0] + x
        face[i, 1] = centre[1] + y
        face[i, 2] = centre[2] + z


@compiled
def _carry(face: Floats, share: Floats, head: Float64, torso: Float64) -> None:
    for i in range(face.shape[0]):
        x, y, z, w = face[i, 0], face[i, 1], face[i, 2], share[i]
        for row in range(3):
            a = head[row, 0] * x + head[row, 1] * y + head[row, 2] * z + head[row, 3]
            b = torso[row, 0] * x + torso[row, 1] * y + torso[row, 2] * z + torso[row, 3]
            face[i, row] = b + w * (a - b)
