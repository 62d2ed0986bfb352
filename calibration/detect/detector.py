"""Finds the board in one picture of a camera of a known kind, and says how it went."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.detect import charuco, chessboard, prepare
from calibration.observations import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.detect.prepare import Grey

    Picture = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]

Kind = str  # "color", "ir" or "thermal"

_LARGE_PX: Final = 1200  # wider pictures are searched at half their size first
_HEAT_SIGMAS_PX: Final = (5.0, 8.0, 3.0)  # squares of 9 to 40 px stand out at one of these
_HEAT_SIGMA: Final = 1.0 / 3.0  # of a square: what leaves the corners where they are
_IR_WINDOW: Final = 0.4
_ROUND: Final = 2.0  # squares of the picture round the corners: the outer squares, and some white
_SQUARE_PX: Final = 24.0  # what the sector-based detector likes


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Found:
    """The board in a picture."""

    sighting: Sighting
    by: str  # which detector
    sharpness_px: float  # how wide its edges are; NaN where that cannot be told
    mirrored: bool = False  # its markers were read in a mirror


def find(pixels: Picture, kind: Kind, board: Board, *, thorough: bool = True) -> Found | None:
    """Return the board's corners in a picture of this kind, or None.

    `thorough` tries every way there is; without it the first one only, in a tenth of the time.
    """
    if board.dictionary is not None:
        return _find_charuco(pixels, kind, board)
    quick = _near(pixels, board) if kind == "color" else None
    if quick is not None:
        return quick
    for grey, scale, by in _tries(pixels, kind, thorough=thorough):
        if by == "classic":
            corners = chessboard.classic(grey, board)
        else:
            corners = chessboard.sector_based(grey, board, thorough=by == "thorough")
        if corners is not None and chessboard.is_a_grid(prepare.back(corners, scale), board):
            return _measured(pixels, kind, prepare.back(corners, scale), board, by)
    return None


def _near(pixels: Picture, board: Board) -> Found | None:
    """Find the board in a large picture quickly: roughly first, then well, where it is.

    The classic detector sees in a hundredth of a second where a board may be; the sector-based
    one needs a third of a second for a whole picture, and finds it in a part as well. In the noise
    of infrared and heat the classic one sees too little to save anything.
    """
    grey = prepare.colour(pixels)
    if grey.shape[1] < _LARGE_PX:
        return None
    rough = chessboard.classic(prepare.enlarged(grey, 0.5), board)
    if rough is None:
        return None
    rough = prepare.back(rough, 0.5)
    if not chessboard.is_a_grid(rough, board):
        return None
    square = chessboard.square_px(rough, board)
    around = _ROUND * float(chessboard.sides_px(rough, board).max())
    low = np.maximum(np.floor(rough.min(axis=0) - around), 0).astype(int)
    high = np.ceil(rough.max(axis=0) + around).astype(int) + 1
    part = np.ascontiguousarray(grey[low[1] : high[1], low[0] : high[0]])
    scale = float(np.clip(_SQUARE_PX / square, 0.5, 2.0))
    corners = chessboard.sector_based(prepare.enlarged(part, scale), board, thorough=False)
    if corners is None:
        return None
    corners = prepare.back(corners, scale) + low
    if not chessboard.is_a_grid(corners, board):
        return None
    return _measured(pixels, "color", corners, board, "sector-based")


def _measured(pixels: Picture, kind: Kind, corners: Floats, board: Board, by: str) -> Found:
    measured, window = _to_measure(pixels, kind, corners, board)
    refined = chessboard.refined(measured, corners, board, window)
    return Found(
        sighting=Sighting(pixels=refined, corners=np.arange(board.corners)),
        by="classic" if by == "classic" else "sector-based",
        sharpness_px=chessboard.sharpness_px(measured, refined, board),
    )


def _tries(pixels: Picture, kind: Kind, *, thorough: bool) -> Iterator[tuple[Grey, float, str]]:
    """Yield pictures to search, how much they are enlarged, and by which detector."""
    if kind == "thermal":
        normal = prepare.heat(pixels, _HEAT_SIGMAS_PX[0])
        yield normal, 1.0, "thorough"
        if not thorough:
            return
        # A board may be warmer or colder than what is behind it, its ink brighter or darker.
        yield np.asarray(255 - normal), 1.0, "thorough"
        for sigma_px in _HEAT_SIGMAS_PX[1:]:
            yield prepare.heat(pixels, sigma_px), 1.0, "thorough"
        for grey in (normal, np.asarray(255 - normal)):
            yield prepare.enlarged(grey, 2.0), 2.0, "classic"
        return
    grey = prepare.infrared(pixels) if kind == "ir" else prepare.colour(pixels)
    half = prepare.enlarged(grey, 0.5) if grey.shape[1] >= _LARGE_PX else None
    if half is not None:
        yield half, 0.5, "quick"
        if not thorough:
            return
        yield half, 0.5, "thorough"
    elif not thorough:
        yield grey, 1.0, "quick"
        return
    yield grey, 1.0, "thorough"
    if half is None:
        yield prepare.enlarged(grey, 2.0), 2.0, "thorough"
    yield grey, 1.0, "classic"


def _to_measure(pixels: Picture, kind: Kind, corners: Floats, board: Board) -> tuple[Grey, float]:
    """Return the picture in which corners are measured, and the window in squares."""
    if kind == "thermal":
        square = chessboard.square_px(corners, board)
        return prepare.heat(pixels, max(square * _HEAT_SIGMA, 1.5)), chessboard.WINDOW
    if kind == "ir":
        return prepare.linear(pixels), _IR_WINDOW
    return prepare.colour(pixels), chessboard.WINDOW


# Ink radiates more than paper, so on a warm board it is the brighter one: inverted first.
_LOOKS: Final[dict[str, Callable[[Picture], Iterator[tuple[Grey, float]]]]] = {
    "color": lambda pixels: iter([(prepare.colour(pixels), 1.0)]),
    "ir": lambda pixels: (
        (prepare.enlarged(way(pixels), scale), scale)
        for way, scale in (
            (prepare.linear, 3.0),
            (prepare.linear, 1.0),
            (prepare.infrared, 2.0),
        )
    ),
    "thermal": lambda pixels: (
        (prepare.enlarged(np.asarray(grey), 2.0), 2.0)
        for inverted in (True, False)
        for sigma_px in _HEAT_SIGMAS_PX[:2]
        for normal in [prepare.heat(pixels, sigma_px)]
        for grey in [255 - normal if inverted else normal]
    ),
}


def _find_charuco(pixels: Picture, kind: Kind, board: Board) -> Found | None:
    """Return the look in which most corners were found; markers read backwards tell of a mirror."""
    best: Found | None = None
    for mirrored in (False, True):
        shown = pixels[:, ::-1] if mirrored else pixels
        for grey, scale in _LOOKS[kind](np.ascontiguousarray(shown)):
            seen = charuco.find(grey, board)
            if seen is None or (best and len(seen.corners) <= len(best.sighting.corners)):
                continue
            places = prepare.back(charuco.refined(grey, seen, board).pixels, scale)
            names = seen.corners
            if mirrored:  # what is seen there is a mirrored board, and that is rigid, too
                places = np.column_stack([pixels.shape[1] - 1 - places[:, 0], places[:, 1]])
                names = names - names % board.columns + board.columns - 1 - names % board.columns
            best = Found(
                sighting=Sighting(pixels=places, corners=names),
                by="ChArUco",
                sharpness_px=float("nan"),
                mirrored=mirrored,
            )
            if len(seen.corners) == board.corners:
                return best
        if best is not None:
            return best
    return best
