"""Finds the corners of a ChArUco board: any part of it will do, for its markers name them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.observations import Sighting
from calibration.vision import vision
from taver.core.errors import InputError

if TYPE_CHECKING:
    from calibration.board import Board
    from calibration.detect.prepare import Grey

MARKER: Final = 0.75  # of a square's side
FEWEST: Final = 6
_STOP: Final = (3, 60, 1e-3)


@functools.lru_cache(maxsize=8)
def description(board: Board) -> Any:
    """Return OpenCV's own description of this board."""
    aruco = vision().aruco
    name = str(board.dictionary)
    known = sorted(key for key in dir(aruco) if key.startswith("DICT_"))
    if name not in known:
        raise InputError(
            f"No dictionary of markers is called {name!r}", fix=f"take one of {', '.join(known)}"
        )
    dictionary = aruco.getPredefinedDictionary(getattr(aruco, name))
    squares = (board.columns + 1, board.rows + 1)
    wanted, there = squares[0] * squares[1] // 2, len(dictionary.bytesList)
    if wanted > there:
        raise InputError(
            f"A board of {board} needs {wanted} markers, and {name} has {there}",
            fix="name the dictionary it was printed with",
        )
    return aruco.CharucoBoard(squares, board.square_mm, board.square_mm * MARKER, dictionary)


def find(picture: Grey, board: Board) -> Sighting | None:
    """Return the corners that were found, by name, or None if they are too few."""
    aruco = vision().aruco
    detector = aruco.CharucoDetector(description(board))
    corners, names, _, _ = detector.detectBoard(picture)
    if corners is None or names is None or len(names) < FEWEST:
        return None
    return Sighting(
        pixels=np.asarray(corners, np.float64).reshape(-1, 2),
        corners=np.asarray(names, np.int64).reshape(-1),
    )


def refined(picture: Grey, sighting: Sighting, board: Board) -> Sighting:
    """Return the corners moved into place, in a window that no marker reaches into."""
    cv2 = vision()
    step = _square_px(sighting, board)
    half = max(2, round(step * 0.5 * (1.0 - MARKER) * 0.8 + 1.0))
    moved = cv2.cornerSubPix(
        picture, sighting.pixels.astype(np.float32).reshape(-1, 1, 2), (half, half), (-1, -1), _STOP
    ).reshape(-1, 2)
    wild = np.linalg.norm(moved - sighting.pixels, axis=1) > 0.2 * step
    return Sighting(
        pixels=np.where(wild[:, None], sighting.pixels, moved).astype(np.float64),
        corners=sighting.corners,
    )


def _square_px(sighting: Sighting, board: Board) -> float:
    """Return the square's side in the picture, from neighbours among those found."""
    where = dict(zip(sighting.corners.tolist(), sighting.pixels, strict=True))
    sides = [
        float(np.linalg.norm(where[corner + 1] - at))
        for corner, at in where.items()
        if corner + 1 in where and (corner + 1) % board.columns
    ]
    return float(np.median(sides)) if sides else 10.0
