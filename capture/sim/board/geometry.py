"""Where a board's corners are in its own frame.

Seen as one reads it, x goes to the right and y down along the print, z into the board, and the
origin is the first inner corner: a board whose pose has no rotation faces the colour camera
upright. All lengths are millimetres.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.scene import Board

MARGIN: Final = 1.0  # of white paper round the squares, in squares
_MOST_CORNERS: Final = 60  # a side
_SQUARES_MM: Final = (5.0, 300.0)
_MOST_WARM_K: Final = 60.0


def corners_mm(board: Board) -> npt.NDArray[np.float64]:
    """Return the inner corners (rows * columns, 3), row by row, as OpenCV's detectors order them.

    A chessboard whose numbers of corners are both odd, like the default's, or both even looks the
    same turned by half a turn: a detector may then begin at the other end.
    """
    y, x = np.mgrid[: board.rows, : board.columns].reshape(2, -1) * board.square_mm
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.float64)


def outline_mm(board: Board, margin: float = MARGIN) -> npt.NDArray[np.float64]:
    """Return the four corners (4, 3) of the squares and `margin` squares of paper round them.

    In the order left above, right above, right below, left below.
    """
    low = -(1.0 + margin) * board.square_mm
    right = (board.columns + margin) * board.square_mm
    below = (board.rows + margin) * board.square_mm
    return np.array([(low, low, 0), (right, low, 0), (right, below, 0), (low, below, 0)], float)


def check(board: Board) -> None:
    """Refuse a board that nobody could print."""
    problems = [
        f"{name} = {value} (wanted: {wanted})"
        for name, value, good, wanted in (
            ("columns", board.columns, 2 <= board.columns <= _MOST_CORNERS, "2 to 60 corners"),
            ("rows", board.rows, 2 <= board.rows <= _MOST_CORNERS, "2 to 60 corners"),
            (
                "square_mm",
                board.square_mm,
                _SQUARES_MM[0] <= board.square_mm <= _SQUARES_MM[1],
                "5 to 300",
            ),
            (
                "warm_k",
                board.warm_k,
                math.isfinite(board.warm_k) and abs(board.warm_k) <= _MOST_WARM_K,
                "-60 to 60",
            ),
        )
        if not good
    ]
    if problems:
        raise InputError(
            f"No board can be like this: {'; '.join(problems)}",
            fix="count inner corners, not squares; the usual board has 5 x 7 of them, 30 mm apart",
            problems=problems,
        )
