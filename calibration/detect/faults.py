"""What is wrong with a picture before any board is looked for in it, and why none was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from calibration.detect import prepare
from calibration.detect.detector import find
from calibration.vision import vision
from taver.core.errors import DataError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.detect.detector import Kind

    Picture = npt.NDArray[Any]

_ENDS: Final = (0, 255, 4095, 16_383, 65_535)  # of the counts that cameras can tell
_STUCK: Final = 0.1  # of the pixels
_METRES: Final = 20.0
_NEAREST_MM: Final = 100.0
_OTHER: Final = ((-1, -1), (1, 1), (-1, 0), (0, -1), (1, 0), (0, 1))


def saturation(pixels: Picture) -> str | None:
    """Say how much of a thermal picture lies beyond what the camera can tell, or None."""
    value = np.asarray(pixels)
    if float(np.ptp(value)) == 0:
        return "every pixel has the same value"
    for end in (value.min(), value.max()):
        share = float((value == end).mean())
        if share > _STUCK and int(end) in _ENDS:
            return f"{share:.0%} is saturated at {int(end)} counts"
    return None


def require_depth(pixels: Picture, name: str) -> None:
    """Raise DataError unless a depth picture can be millimetres."""
    if pixels.ndim != 2 or pixels.dtype == np.uint8:
        raise DataError(
            f"The depth picture {name} has 8 bit a pixel"
            + (" and colours" if pixels.ndim != 2 else "")
            + "; that is a preview, not depth",
            fix="save depth as 16-bit PNG in millimetres",
        )
    valid = pixels[np.isfinite(pixels) & (pixels > 0)]
    if not len(valid):
        return
    high, middle = float(np.percentile(valid, 99)), float(np.median(valid))
    if high < _METRES:
        raise DataError(
            f"The depth picture {name} reaches to {high:.3g}: that is metres, not millimetres",
            fix="multiply by 1000 and save it as 16-bit PNG in millimetres",
        )
    if middle < _NEAREST_MM:
        raise DataError(
            f"The depth picture {name} has a median of {middle:.3g} mm, nearer than any depth "
            "camera measures",
            fix="save depth as 16-bit PNG in millimetres; check the unit",
        )


def other_size(pictures: Sequence[Picture], kind: Kind, board: Board) -> Board | None:
    """Return the size of board that is in these pictures instead of the one that was named."""
    if board.dictionary is not None:
        return None
    for across, down in _OTHER:
        columns, rows = board.columns + across, board.rows + down
        if min(columns, rows) < 3:
            continue
        other = msgspec.structs.replace(board, columns=columns, rows=rows)
        if any(find(picture, kind, other, thorough=False) for picture in pictures):
            return other
    return None


def larger_size(picture: Picture, kind: Kind, board: Board) -> Board | None:
    """Return the size of the whole board if the named one is only a part of it."""
    if board.dictionary is not None:
        return None
    cv2 = vision()
    grey = _grey(picture, kind)
    flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_LARGER
    found, corners, meta = cv2.findChessboardCornersSBWithMeta(
        grey, (board.columns, board.rows), flags
    )
    if not found or meta is None:
        return None
    rows, columns = meta.shape[:2]
    if rows * columns <= board.corners or len(corners.reshape(-1, 2)) != rows * columns:
        return None
    return msgspec.structs.replace(board, columns=int(columns), rows=int(rows))


def refuse_other(board: Board, other: Board) -> None:
    """Raise InputError: the board that was named is not the one that is shown."""
    squares = other.columns + 1 == board.columns and other.rows + 1 == board.rows
    raise InputError(
        f"No board of {board.columns}x{board.rows} inner corners is to be seen, but one of "
        f"{other.columns}x{other.rows}"
        + ("; squares were counted instead of inner corners" if squares else ""),
        fix=f"count the corners where four squares meet: --board {other.columns}x{other.rows}",
    )


def _grey(picture: Picture, kind: Kind) -> prepare.Grey:
    if kind == "thermal":
        return prepare.heat(picture, 5.0)
    grey = prepare.infrared(picture) if kind == "ir" else prepare.colour(picture)
    return prepare.enlarged(grey, 0.5) if grey.shape[1] >= 1200 else grey
