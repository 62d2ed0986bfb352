"""How ink and paper look in colour, in infrared and in heat.

Laser toner is black to all three. The dyes of an inkjet are transparent in the infrared, where
such a board is blank. A heated board glows: ink radiates a little better than paper, so its squares
are seen a few tenths of a kelvin warmer, or colder on a cooled board, below an uneven warmth that
is larger than that difference.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.board import charuco
from capture.sim.board.geometry import MARGIN
from capture.sim.render.mesh import Texture

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.scene import Board

    Float32 = npt.NDArray[np.float32]

# Texels a square: what divides the fine drawing of a marker evenly.
_SIZES: Final = (4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 60)
STICK: Final = 1  # squares of texture below the paper that show the stick's wood

_PAPER_RGB: Final = (238, 237, 231)
_INK_RGB: Final = (27, 26, 29)
_WOOD_RGB: Final = (158, 120, 82)
_PAPER, _TONER, _DYE, _WOOD = 0.75, 0.06, 0.71, 0.5  # reflectance in the infrared
_PAPER_RADIATES, _INK_RADIATES = 0.92, 0.97  # emissivity at 8 to 14 um
_UNEVEN: Final = 0.12  # of the warmth, from the middle to the edges


def texels_for(square_px: float) -> int:
    """Return how many texels a square needs when it is so many pixels wide.

    About one a pixel: fewer would be blurred, more would be skipped and make jagged edges.
    """
    return min(_SIZES, key=lambda size: abs(np.log(size / max(square_px, 1.0))))


def texture(board: Board, color: int, ir: int, thermal: int, air_k: float) -> Texture:
    """Return the board's texture with this many texels a square in each of its pictures."""
    return Texture(
        color=_color(board, color),
        reflectance=_reflectance(board, ir),
        temperature_k=_temperature_k(board, thermal, air_k),
    )


# A board that is moved needs other sizes all the time, each camera at another moment.
@functools.lru_cache(maxsize=32)
def _color(board: Board, texels: int) -> npt.NDArray[np.uint8]:
    ink = _coverage(board, texels)[..., np.newaxis]
    rgb = np.array(_PAPER_RGB) * (1 - ink) + np.array(_INK_RGB) * ink
    rgb[-STICK * texels :] = _WOOD_RGB
    return np.rint(rgb).astype(np.uint8)


@functools.lru_cache(maxsize=32)
def _reflectance(board: Board, texels: int) -> Float32:
    ink = _coverage(board, texels)
    reflectance = _PAPER * (1 - ink) + (_DYE if board.inkjet else _TONER) * ink
    reflectance[-STICK * texels :] = _WOOD
    return reflectance.astype(np.float32)


@functools.lru_cache(maxsize=32)
def _temperature_k(board: Board, texels: int, air_k: float) -> Float32:
    ink = _coverage(board, texels)
    radiates = _PAPER_RADIATES * (1 - ink) + _INK_RADIATES * ink
    seen_k = air_k + board.warm_k * _warmth(ink.shape) * radiates
    seen_k[-STICK * texels :] = air_k
    return seen_k.astype(np.float32)


@functools.lru_cache(maxsize=32)
def _coverage(board: Board, texels: int) -> Float32:
    """Return the share of ink in every texel of squares, margin and stick."""
    if board.dictionary is None:
        y, x = np.mgrid[: board.rows + 1, : board.columns + 1]
        squares = ((x + y) % 2 == 0).astype(np.float32)  # as in OpenCV, the first one is black
        inner = squares.repeat(texels, axis=0).repeat(texels, axis=1)
    else:
        inner = charuco.coverage(board, texels)
    margin = round(MARGIN * texels)
    return np.pad(inner, ((margin, margin + STICK * texels), (margin, margin)))


def _warmth(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return how far each place is heated, 1 at most: warmest right of and above the middle."""
    height, width = shape
    y, x = np.ogrid[0.0 : 1.0 : height * 1j, 0.0 : 1.0 : width * 1j]
    return np.asarray(1.0 - _UNEVEN * ((x - 0.6) ** 2 + (y - 0.4) ** 2) / 0.25)
