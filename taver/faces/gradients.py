"""How much a chip looks like a face in its middle, by histograms of gradients.

After Felzenszwalb, Girshick, McAllester and Ramanan, "Object detection with discriminatively
trained part-based models" (2010), section 6.2, with the windows of dlib's frontal detector. dlib
looks for a face of any size anywhere; a chip is cut so that the face is in its middle and of one
size, so a few places of a window are enough. As with dlib, what looks more like a face a little
aside is where the face is, and nothing is in the middle then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.faces.compiled import compiled
from taver.faces.packed import NONE, fractions, must_be, numbers

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.finder import Grey
    from taver.faces.packed import Bytes

    Singles = npt.NDArray[np.float32]

_CELL_PX: Final = 8
_WINDOW: Final = 10  # cells
_BANDS: Final = 31  # of a cell: 18 directions, 9 without their sign, 4 of texture
_ROW: Final = _WINDOW * _BANDS  # numbers of a window's row
_LANES: Final = _ROW // 5  # sums that are added up side by side: wide registers hold several
_MOST_WINDOWS: Final = 8  # there are five
_AROUND: Final = 1  # cells to each side of the middle
_ASIDE: Final = 2  # and so far it is looked whether it is elsewhere
_NO_FACE: Final = np.float32(-2.0)
_MOST: Final = np.float32(0.2)  # of a direction's share
_TEXTURE: Final = np.float32(0.2357)
_LEAST: Final = np.float32(1e-4)
# What stands in a detector before its windows: versions, no picture, cells of 8 pixels, no margin,
# windows of 80 pixels, then how a picture is made smaller.
_BEGINS: Final = (2, 1, 0, 0, _CELL_PX, 0, _WINDOW * _CELL_PX, _WINDOW * _CELL_PX)
_NUMBERS: Final = _WINDOW * _WINDOW * _BANDS


def _directions() -> npt.NDArray[np.uint8]:
    """Return which of 18 directions is nearest to a gradient, by its steps down and right + 255."""
    steps = np.arange(-255, 256)
    turn = np.arange(9) * np.pi / 9
    along = steps[None, :, None] * np.cos(turn) + steps[:, None, None] * np.sin(turn)
    # The first of several that are as near; without a gradient, the first of all.
    both = np.round(np.concatenate([along, -along], axis=-1), 9)
    return np.asarray(both.argmax(axis=-1), np.uint8)


_DIRECTIONS: Final = _directions()


class Windows(NamedTuple):
    """What a face's cells are weighted by, seen from several sides."""

    weights: Singles  # (windows, cells down, bands of the cells in a row)
    limits: Singles  # (windows,): what is above them looks like a face


def windows_of(packed: Bytes) -> Windows | None:
    """Return the windows of a detector that dlib saved, or None if that is not one of faces."""
    at = 0
    for wanted in _BEGINS:
        at = must_be(packed, at, wanted)
    sides, strength, size = np.zeros(3, np.int64), np.zeros(1), np.zeros(1, np.int64)
    at = numbers(packed, at, sides)
    at = fractions(packed, at, strength)
    at = must_be(packed, at, _NUMBERS)
    at = fractions(packed, at, np.zeros(2))  # how far boxes may overlap
    at = numbers(packed, at, size)
    count = int(size[0])
    if at == NONE or not 1 <= count <= _MOST_WINDOWS:
        return None
    weights, limits = np.empty((count, _WINDOW, _ROW), np.float32), np.empty(count, np.float32)
    for window in range(count):
        given = np.zeros(_NUMBERS + 1)
        at = must_be(packed, at, -len(given))
        at = must_be(packed, at, -1)
        at = fractions(packed, at, given)
        bands = given[:-1].reshape(_BANDS, _WINDOW, _WINDOW)
        weights[window] = np.moveaxis(bands, 0, -1).reshape(_WINDOW, _ROW)
        limits[window] = given[-1]
    return None if at == NONE else Windows(weights, limits)


def score(windows: Windows, chip: Grey) -> float:
    """Return how much the middle of a chip looks like a face: about 2, or below 0."""
    chip = np.ascontiguousarray(chip)
    return float(_score(chip, _DIRECTIONS, windows.weights, windows.limits))


@compiled
def _score(
    chip: Grey, directions: npt.NDArray[np.uint8], weights: Singles, limits: Singles
) -> np.float32:
    high = (chip.shape[0] + _CELL_PX // 2) // _CELL_PX
    wide = (chip.shape[1] + _CELL_PX // 2) // _CELL_PX
    cells = np.zeros((high, wide, 18), np.float32)
    _count(chip, directions, cells)
    # Without the outermost cells, which have no neighbours; around them lies nothing.
    more = _WINDOW // 2
    bands = np.zeros((high - 2 + 2 * more, wide - 2 + 2 * more, _BANDS), np.float32)
    _share(cells, bands[more : more + high - 2, more : more + wide - 2])
    # A window is in the middle where as many of its cells lie on either side.
    top = (bands.shape[0] - _WINDOW) // 2
    left = (bands.shape[1] - _WINDOW) // 2
    rows = bands.reshape(bands.shape[0], -1)
    middle, aside = _NO_FACE, _NO_FACE
    for down in range(-_ASIDE, _ASIDE + 1):
        for right in range(-_ASIDE, _ASIDE + 1):
            first = (left + right) * _BANDS
            for window in range(weights.shape[0]):
                found = _matched(rows, top + down, first, weights[window]) - limits[window]
                if max(abs(down), abs(right)) <= _AROUND:
                    middle = max(middle, found)
                else:
                    aside = max(aside, found)
    return middle if middle >= aside else _NO_FACE


@compiled
def _matched(rows: Singles, top: int, first: int, weights: Singles) -> np.float32:
    """Return the sum of a window's products; kept in lanes, so that wide registers can be used."""
    sums = np.zeros(_ROW, np.float32)
    for row in range(_WINDOW):
        mine, by = rows[top + row][first : first + _ROW], weights[row]
        for place in range(_ROW):
            sums[place] += mine[place] * by[place]
    for part in range(1, 5):
        for lane in range(_LANES):
            sums[lane] += sums[part * _LANES + lane]
    total = np.float32(0)
    for lane in range(_LANES):
        total += sums[lane]
    return total


@compiled
def _count(chip: Grey, directions: npt.NDArray[np.uint8], cells: Singles) -> None:
    """Add each pixel's gradient to the four cells it lies between."""
    high, wide, _ = cells.shape
    below, beyond = chip.shape[0] - 2, chip.shape[1] - 2
    half = np.float32(0.5)
    cell = np.float32(_CELL_PX)
    one = np.float32(1)
    for y in range(1, high * _CELL_PX - 1):
        row = min(y, below)
        at_y = (np.float32(y) + half) / cell + half
        top = int(at_y)  # the cell above the pixel's, counted from one before the first
        by_y = at_y - np.float32(top)
        for x in range(1, wide * _CELL_PX - 1):
            column = min(x, beyond)
            right = np.int32(chip[row, column + 1]) - np.int32(chip[row, column - 1])
            down = np.int32(chip[row + 1, column]) - np.int32(chip[row - 1, column])
            size = np.sqrt(np.float32(right * right + down * down))
            towards = directions[down + 255, right + 255]
            at_x = (np.float32(x) + half) / cell + half
            left = int(at_x)
            by_x = at_x - np.float32(left)
            if top > 0 and left > 0:
                cells[top - 1, left - 1, towards] += (one - by_y) * (one - by_x) * size
            if top < high and left > 0:
                cells[top, left - 1, towards] += by_y * (one - by_x) * size
            if top > 0 and left < wide:
                cells[top - 1, left, towards] += (one - by_y) * by_x * size
            if top < high and left < wide:
                cells[top, left, towards] += by_y * by_x * size


@compiled
def _share(cells: Singles, bands: Singles) -> None:
    """Write each inner cell's bands: its directions as shares of what is in the cells around."""
    high, wide, _ = cells.shape
    energy = np.zeros((high, wide), np.float32)
    for y in range(high):
        for x in range(wide):
            for o in range(9):
                both = cells[y, x, o] + cells[y, x, o + 9]
                energy[y, x] += both * both
    half = np.float32(0.5)
    total = np.empty((high - 1, wide - 1), np.float32)  # of four cells that touch
    for y in range(high - 1):
        for x in range(wide - 1):
            four = energy[y, x] + energy[y, x + 1] + energy[y + 1, x] + energy[y + 1, x + 1]
            total[y, x] = np.float32(1) / np.sqrt(four + _LEAST)
    for y in range(high - 2):
        for x in range(wide - 2):
            n1, n2 = total[y + 1, x + 1], total[y, x + 1]
            n3, n4 = total[y + 1, x], total[y, x]
            t1, t2, t3, t4 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            mine, out = cells[y + 1, x + 1], bands[y, x]
            for o in range(18):
                h1, h2 = min(mine[o] * n1, _MOST), min(mine[o] * n2, _MOST)
                h3, h4 = min(mine[o] * n3, _MOST), min(mine[o] * n4, _MOST)
                out[o] = half * (h1 + h2 + h3 + h4)
                t1, t2, t3, t4 = t1 + h1, t2 + h2, t3 + h3, t4 + h4
            for o in range(9):
                both = mine[o] + mine[o + 9]
                h1, h2 = min(both * n1, _MOST), min(both * n2, _MOST)
                h3, h4 = min(both * n3, _MOST), min(both * n4, _MOST)
                out[18 + o] = half * (h1 + h2 + h3 + h4)
            out[27], out[28] = _TEXTURE * t1, _TEXTURE * t2
            out[29], out[30] = _TEXTURE * t3, _TEXTURE * t4
