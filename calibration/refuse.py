"""Refuses recordings that no rig can be found from, and leaves out blurred pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.detect import faults
from calibration.sources.shot import SEEING
from taver.core.errors import DataError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calibration.board import Board
    from calibration.insight import Taken
    from calibration.sources.shot import Picture

_BLURRED: Final = 1.8  # times the camera's usual width of edges
_BLURRED_PX: Final = 3.5  # and wider than this


def refuse_nothing(
    taken: Sequence[Taken], samples: Sequence[tuple[str, Picture]], board: Board
) -> None:
    """Raise InputError where the board was not seen at all, or by one camera only."""
    cameras = {camera for one in taken for camera in one.found}
    if not cameras:
        if not taken:
            raise DataError(
                "There is no moment at which anything was held still",
                fix="hold the board still for a second at each place, then record again",
            )
        refuse_other(taken, samples, board)
        raise InputError(
            f"No camera saw a board of {board} in any of {len(taken)} pictures",
            fix="check --board (inner corners, as in 5x7) and that the whole board is in the "
            "picture with a white rim around it",
        )
    together = {camera for one in taken if len(one.found) > 1 for camera in one.found}
    if len(cameras) == 1 or not together:
        raise InputError(
            f"The board was seen by {' and '.join(sorted(cameras))}, but never by two cameras at "
            "once",
            fix=_one_sided(cameras),
        )


def refuse_other(
    taken: Sequence[Taken], samples: Sequence[tuple[str, Picture]], board: Board
) -> None:
    """Raise InputError if nothing was found, and another size of board is in the pictures."""
    if not samples or any(one.found for one in taken):
        return
    other = faults.other_size([picture for _, picture in samples], "color", board)
    if other is not None:
        faults.refuse_other(board, other)


def _one_sided(cameras: set[str]) -> str:
    if cameras == {"color"}:
        return (
            "infrared sees no ink of an inkjet: print the board with a laser printer; the thermal "
            "camera needs it heated, by a lamp or in the sun"
        )
    return "hold the board where all cameras see the whole of it at the same time"


def refuse_part(
    taken: Sequence[Taken], samples: Sequence[tuple[str, Picture]], board: Board
) -> None:
    """Raise InputError if only a part of a larger board was found."""
    if not samples or not any("color" in one.found for one in taken):
        return
    larger = faults.larger_size(samples[0][1], "color", board)
    if larger is not None and {larger.columns, larger.rows} != {board.columns, board.rows}:
        raise InputError(
            f"The board has more corners than {board.columns}x{board.rows}: at least "
            f"{larger.columns}x{larger.rows} are to be seen",
            fix=f"count all inner corners: --board {larger.columns}x{larger.rows}",
        )


def mirrored(taken: Sequence[Taken]) -> bool:
    """Tell if markers were read in a mirror; some cameras mirrored and others not is refused."""
    by_camera: dict[str, list[bool]] = {}
    for one in taken:
        for camera, found in one.found.items():
            if found.by == "ChArUco":
                by_camera.setdefault(camera, []).append(found.mirrored)
    told = {camera: sum(flags) * 2 > len(flags) for camera, flags in by_camera.items()}
    if len(set(told.values())) > 1:
        flipped = sorted(camera for camera, flag in told.items() if flag)
        raise DataError(
            f"The {' and '.join(flipped)} pictures are mirrored left to right, the others are not",
            fix="flip them in the driver's settings and record the board again; a mirrored picture "
            "cannot be undone by a pose",
        )
    return any(told.values())


def leave_out_blurred(taken: Sequence[Taken]) -> list[str]:
    """Take blurred sightings away; return the reasons."""
    reasons = []
    for camera in [m.value for m in SEEING]:
        widths = [
            one.found[camera].sharpness_px
            for one in taken
            if camera in one.found and np.isfinite(one.found[camera].sharpness_px)
        ]
        if not widths:
            continue
        limit = max(_BLURRED * float(np.median(widths)), _BLURRED_PX)
        for one in taken:
            if camera in one.found and one.found[camera].sharpness_px > limit:
                width = one.found.pop(camera).sharpness_px
                reasons.append(
                    f"{one.shot_name}, {camera}: blurred, edges are {width:.1f} px wide "
                    f"({limit:.1f} px is the limit)"
                )
    return reasons
