"""The ways in which a bare chessboard looks the same, so that its first corner may be another.

Turned by half a turn a chessboard of odd sides cannot be told from itself, and in heat, where black
may be the brighter colour, no chessboard can; a square one also looks like its quarter turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.board import Board

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


def orders(board: Board) -> list[Numbers]:
    """Return the renumberings of the corners that may be meant; the first changes nothing."""
    same = np.arange(board.corners)
    if board.dictionary is not None:  # its markers tell every corner's name
        return [same]
    if board.columns != board.rows:
        return [same, same[::-1].copy()]
    grid = same.reshape(board.rows, board.columns)
    return [np.rot90(grid, turns).reshape(-1).copy() for turns in (0, 2, 1, 3)]


def turn_of(board: Board, order: Numbers) -> tuple[Floats, Floats]:
    """Return R and t from the frame of the renumbered board into that of the board as it is."""
    return _rigid(board.points_mm, board.points_mm[np.argsort(order)])


def _rigid(new: Floats, old: Floats) -> tuple[Floats, Floats]:
    """Return the rotation about the board's normal and the shift that take `new` to `old`."""
    middle_new, middle_old = new.mean(axis=0), old.mean(axis=0)
    first_new, first_old = (new - middle_new)[0], (old - middle_old)[0]
    angle = np.arctan2(first_old[1], first_old[0]) - np.arctan2(first_new[1], first_new[0])
    c, s = np.round(np.cos(angle), 12), np.round(np.sin(angle), 12)
    r = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return r, middle_old - r @ middle_new
