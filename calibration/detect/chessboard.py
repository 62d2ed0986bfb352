"""Finds all inner corners of a chessboard, or none, to a small part of a pixel.

The sector-based detector (Duda and Frese, "Accurate detection and localization of checkerboard
corners for calibration", 2018) comes first, the classic one is the fallback; then each corner is
moved to where the gradients around it meet (Förstner and Gülch, 1987), in a window that grows with
the squares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.vision import vision

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.board import Board
    from calibration.detect.prepare import Grey

    Floats = npt.NDArray[np.float64]

WINDOW: Final = 0.35  # half of it, in squares
_NARROWEST_PX: Final = 2
_FARTHEST: Final = 0.04  # squares, and besides ...
_FARTHEST_PX: Final = 0.5
_WIDEST_PX: Final = 50.0  # no edge is; OpenCV's mark for what could not be measured
_STOP: Final = (3, 60, 1e-3)


def sector_based(picture: Grey, board: Board, *, thorough: bool) -> Floats | None:
    """Return the corners (n, 2) by the sector-based detector."""
    cv2 = vision()
    flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_ACCURACY
    if thorough:
        flags |= cv2.CALIB_CB_EXHAUSTIVE
    found, corners = cv2.findChessboardCornersSB(picture, (board.columns, board.rows), flags=flags)
    return corners.reshape(-1, 2).astype(np.float64) if found else None


def classic(picture: Grey, board: Board) -> Floats | None:
    """Return the corners (n, 2) by the classic detector, moved into place."""
    cv2 = vision()
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
    found, corners = cv2.findChessboardCorners(picture, (board.columns, board.rows), flags=flags)
    return corners.reshape(-1, 2).astype(np.float64) if found else None


def refined(picture: Grey, corners: Floats, board: Board, window: float) -> Floats:
    """Return the corners moved to where the gradients around each of them meet.

    The window is as large as the squares around a corner allow; a corner that would be moved far
    was drawn away by something else and stays. A view that is no flatter afterwards stays as it
    was: real prints have edges close to their outer corners.
    """
    cv2 = vision()
    moved = np.empty_like(corners)
    for at, (corner, side) in enumerate(zip(corners, sides_px(corners, board), strict=True)):
        half = max(_NARROWEST_PX, round(float(side) * window))
        place = corner.astype(np.float32).reshape(1, 1, 2)
        moved[at] = cv2.cornerSubPix(picture, place, (half, half), (-1, -1), _STOP).reshape(2)
        if np.linalg.norm(moved[at] - corner) > _FARTHEST * side + _FARTHEST_PX:
            moved[at] = corner
    return moved if unevenness_px(moved, board) < unevenness_px(corners, board) else corners


def unevenness_px(corners: Floats, board: Board) -> float:
    """Return how far the corners are from one flat board seen through a pinhole."""
    off = _off_flat(corners, board)
    return float("inf") if off is None else float(np.sqrt((off**2).mean()))


def _off_flat(corners: Floats, board: Board) -> Floats | None:
    """Return each corner's distance (n,) from the flat board that fits all; None if none does."""
    cv2 = vision()
    ideal = board.points_mm[:, :2]
    matrix, _ = cv2.findHomography(ideal, corners, 0)
    if matrix is None:
        return None
    seen = cv2.perspectiveTransform(ideal.reshape(-1, 1, 2), matrix).reshape(-1, 2)
    return np.asarray(np.linalg.norm(seen - corners, axis=1))


def sides_px(corners: Floats, board: Board) -> Floats:
    """Return for each corner the shortest side of a square that ends there."""
    grid = corners.reshape(board.rows, board.columns, 2)
    shortest = np.full(grid.shape[:2], np.inf)
    across = np.linalg.norm(np.diff(grid, axis=1), axis=-1)
    down = np.linalg.norm(np.diff(grid, axis=0), axis=-1)
    for part, sides in (
        (np.s_[:, :-1], across),
        (np.s_[:, 1:], across),
        (np.s_[:-1], down),
        (np.s_[1:], down),
    ):
        shortest[part] = np.minimum(shortest[part], sides)
    return shortest.reshape(-1)


def square_px(corners: Floats, board: Board) -> float:
    """Return how long a square's shorter side is in the picture, in the median."""
    grid = corners.reshape(board.rows, board.columns, 2)
    sides = [
        float(np.median(np.linalg.norm(np.diff(grid, axis=axis), axis=-1)))
        for axis in (0, 1)
        if grid.shape[axis] > 1
    ]
    return min(sides)


def is_a_grid(corners: Floats, board: Board) -> bool:
    """Tell whether the corners lie as a flat board's do: one homography, all of them apart."""
    off = _off_flat(corners, board)
    if off is None:
        return False
    square = square_px(corners, board)
    return square > 3.0 and float(np.median(off)) < 0.15 * square and float(off.max()) < square


def sharpness_px(picture: Grey, corners: Floats, board: Board) -> float:
    """Return over how many pixels the edges between black and white rise; the worse direction."""
    cv2 = vision()
    found = []
    for vertical in (False, True):
        try:
            mean, _ = cv2.estimateChessboardSharpness(
                picture,
                (board.columns, board.rows),
                corners.astype(np.float32).reshape(-1, 1, 2),
                0.8,
                vertical,
            )
        except cv2.error:
            continue
        if 0 < mean[0] < _WIDEST_PX:
            found.append(float(mean[0]))
    return max(found, default=float("nan"))
