"""Chooses where to hold a board, so that few views tell all about the cameras.

Near and far, tilted every way, at the edges of the picture as well as in its middle; and whole in
every camera, so that each view ties all of them together. The narrowest camera sets that limit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import noise
from capture.sim.board.geometry import check, corners_mm, outline_mm
from capture.sim.scene import BoardView
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.pose import Pose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.sim.rig import Rig, RigCamera
    from capture.sim.scene import Board

NEAREST_MM: Final = 600.0
FARTHEST_MM: Final = 1600.0
STEEPEST_DEG: Final = 45.0
_ROLL_DEG: Final = 25.0
_PRIMES: Final = (2, 3, 5, 7, 11, 13)
_INSET_PX: Final = 3.0  # no corner nearer to the picture's edge
_QUIET: Final = 0.35  # squares of paper beyond the squares that must be seen, too
_ALL: Final = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)


def views(
    board: Board,
    count: int,
    rig: Rig,
    seed: int = 0,
    *,
    seen_by: Sequence[Modality] = _ALL,
) -> tuple[BoardView, ...]:
    """Return `count` ways to hold the board, whole in every camera that `seen_by` names."""
    check(board)
    cameras = [rig.of(modality) for modality in dict.fromkeys(seen_by)]
    if count < 1 or not cameras:
        raise InputError(
            f"{count} views by {len(cameras)} cameras are none", fix="ask for one of each at least"
        )
    shifts = noise.uniform(noise.key(seed, "views"), np.arange(len(_PRIMES)))
    found = []
    for number in range(count):
        # Halton's sequence, shifted as a whole by the seed (Cranley and Patterson, 1976).
        place = [
            (_reversed(number + 1, prime) + shift) % 1.0
            for prime, shift in zip(_PRIMES, shifts.tolist(), strict=True)
        ]
        pose = _held(board, cameras, place)
        if pose is None:
            raise InputError(
                f"A board of {board.columns} x {board.rows} corners, {board.square_mm:g} mm apart,"
                " cannot be seen whole by all cameras",
                fix="take smaller squares, or fewer of them",
            )
        found.append(BoardView(board=board, pose=pose))
    return tuple(found)


def _held(board: Board, cameras: Sequence[RigCamera], place: Sequence[float]) -> Pose | None:
    """Return the pose for six numbers from 0 to 1, as far out in the picture as can be seen."""
    across, down, far, tilt, azimuth, roll = place
    narrowest = min(cameras, key=lambda one: one.camera.width_px / one.camera.fx_px)
    lens = narrowest.camera
    # Half of a board that is aimed at the picture's edge is outside: pulled in, it touches it.
    out_px = np.array([(across - 0.5) * lens.width_px, (down - 0.5) * lens.height_px])
    middle_px = np.array([(lens.width_px - 1) / 2, (lens.height_px - 1) / 2])
    back = narrowest.from_color.inverse()
    around = 2.0 * math.pi * azimuth
    lean = math.radians(STEEPEST_DEG) * tilt
    turn = Pose.from_rotation_vector((0.0, 0.0, math.radians(_ROLL_DEG) * (2.0 * roll - 1.0))).then(
        Pose.from_rotation_vector((lean * math.cos(around), lean * math.sin(around), 0.0))
    )
    centre_mm = turn.apply(corners_mm(board).mean(axis=0))
    far_mm = NEAREST_MM + (FARTHEST_MM - NEAREST_MM) * far
    while far_mm <= 2.0 * FARTHEST_MM:
        for share in np.linspace(1.0, 0.0, 41).tolist():
            at = back.apply(lens.unproject(middle_px + share * out_px, far_mm))
            pose = Pose.from_matrix(turn.rotation_matrix, at - centre_mm)
            if all(_whole(board, pose, one) for one in cameras):
                return pose
        far_mm += 50.0  # too near to be seen whole
    return None


def _whole(board: Board, pose: Pose, one: RigCamera) -> bool:
    pixels = one.camera.project(one.from_color.apply(pose.apply(outline_mm(board, _QUIET))))
    right, below = one.camera.width_px - 1 - _INSET_PX, one.camera.height_px - 1 - _INSET_PX
    return bool(((pixels >= _INSET_PX) & (pixels <= (right, below))).all())


def _reversed(number: int, base: int) -> float:
    """Return the digits of `number` behind the point, last first."""
    result, digit = 0.0, 1.0
    while number:
        digit /= base
        number, rest = divmod(number, base)
        result += rest * digit
    return result
