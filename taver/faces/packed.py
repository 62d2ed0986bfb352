"""Reads numbers as dlib packs them into its files.

A whole number is a byte that holds its sign and how many bytes follow; a fraction is two whole
numbers, the second of them the power of two by which to multiply the first. A list tells its length
first, a matrix its sides, negated. Every function takes the place to read at, and returns the place
behind what it read; that is NONE from the first thing on that is not what should be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.faces.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.points import Floats

    Bytes = npt.NDArray[np.uint8]

NONE: Final = -1
_POWERS: Final = np.ldexp(1.0, np.arange(-512, 512))


@compiled
def number(packed: Bytes, at: int) -> tuple[int, int]:
    """Return a whole number, and where the next thing is."""
    if not 0 <= at < packed.shape[0]:
        return 0, NONE
    size = int(packed[at]) & 15
    if size > 8 or packed[at] & 112 or at + 1 + size > packed.shape[0]:
        return 0, NONE
    value = np.int64(0)
    for byte in range(size):
        value |= np.int64(packed[at + 1 + byte]) << np.int64(8 * byte)
    return (-int(value) if packed[at] & 128 else int(value)), at + 1 + size


@compiled
def fraction(packed: Bytes, at: int) -> tuple[float, int]:
    """Return a fraction, and where the next thing is; infinity is none, nor what is as large."""
    value, at = number(packed, at)
    power, at = number(packed, at)
    if at == NONE or not -512 <= power < 512:
        return 0.0, NONE
    return value * _POWERS[power + 512], at


@compiled
def numbers(packed: Bytes, at: int, out: npt.NDArray[np.int64]) -> int:
    """Write so many whole numbers; return where the next thing is."""
    for place in range(out.shape[0]):
        out[place], at = number(packed, at)
    return at


@compiled
def fractions(packed: Bytes, at: int, out: Floats) -> int:
    """Write so many fractions; return where the next thing is."""
    for place in range(out.shape[0]):
        out[place], at = fraction(packed, at)
    return at


@compiled
def must_be(packed: Bytes, at: int, wanted: int) -> int:
    """Return where the next thing is, if that number is there."""
    found, at = number(packed, at)
    return at if found == wanted else NONE
