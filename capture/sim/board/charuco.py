"""Draws ChArUco boards: chessboards whose white squares hold markers, after OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.errors import InputError
from taver.core.extras import need

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.scene import Board

MARKER: Final = 0.75  # of a square's side
_FINE: Final = 120  # pixels a square before they are averaged: what `texels` has to divide


def coverage(board: Board, texels: int) -> npt.NDArray[np.float32]:
    """Return how much of each texel is ink, `texels` of them a square, without any margin."""
    across, down = board.columns + 1, board.rows + 1
    picture = charuco(board).generateImage((across * _FINE, down * _FINE), None, 0, 1)
    blocks = np.asarray(picture, np.float32).reshape(
        down * texels, _FINE // texels, across * texels, _FINE // texels
    )
    ink: npt.NDArray[np.float32] = 1.0 - blocks.mean(axis=(1, 3)) / np.float32(255.0)
    return ink


def charuco(board: Board) -> Any:
    """Return OpenCV's own description of this board, which its detector takes."""
    aruco = need("cv2", extra="calibrate", to="draw ChArUco boards").aruco
    name = str(board.dictionary)
    known = sorted(key for key in dir(aruco) if key.startswith("DICT_"))
    if name not in known:
        raise InputError(
            f"No dictionary of markers is called {name!r}",
            fix=f"take one of {', '.join(known)}",
        )
    dictionary = aruco.getPredefinedDictionary(getattr(aruco, name))
    squares = (board.columns + 1, board.rows + 1)
    wanted, there = squares[0] * squares[1] // 2, len(dictionary.bytesList)
    if wanted > there:
        raise InputError(
            f"The board needs {wanted} markers, and {name} has {there}",
            fix="take a larger dictionary, or fewer squares",
        )
    return aruco.CharucoBoard(squares, board.square_mm, board.square_mm * MARKER, dictionary)
