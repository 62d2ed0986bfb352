"""Raw depth to true z: range, shift, flying pixels dropped, holes of one pixel filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]

REACH_PX: Final = 2  # a hole looks at its neighbours, and those at theirs


@compiled
def clean(
    raw: npt.NDArray[np.uint16],
    shift_mm: np.float32,
    nearest_mm: np.float32,
    farthest_mm: np.float32,
    agree: np.float32,
    top: int,
    left: int,
    z_mm: Float32,
) -> None:
    """Write into `z_mm` the true z of the part of `raw` that starts at (top, left); 0 is a hole.

    Neighbours agree that are no farther apart than this share of their distance. A pixel with which
    fewer than three of its eight neighbours agree flies: it mixes two surfaces, or is noise; it is
    dropped. Where nothing was measured and six or more around agree, the hole is one pixel wide: it
    becomes their mean. Wider ones stay.
    """
    high, wide = z_mm.shape
    below_raw, right_raw = raw.shape
    span = wide + 4  # REACH_PX more on each side
    true = np.zeros((3, span), np.float32)  # three rows of raw depth, shifted
    kept = np.zeros((3, span), np.float32)  # three rows of it without flying pixels
    three = np.float32(3)
    nothing = np.float32(0)
    one = np.float32(1)
    first = max(left - 2, 0)
    last = min(left + wide + 2, right_raw)
    at = first - (left - 2)
    # Row r is shifted, row r - 1 despeckled, row r - 2 filled.
    for r in range(top - 2, top + high + 2):
        row = true[r % 3]
        if 0 <= r < below_raw:
            source = raw[r, first:last]
            target = row[at : at + last - first]
            for c in range(len(target)):
                told = np.float32(source[c])
                z = told + shift_mm
                good = (told > nothing) & (z >= nearest_mm) & (z <= farthest_mm)
                target[c] = z if good else nothing
        else:
            row[:] = nothing
        if r < top:
            continue
        above, here, under = true[(r - 2) % 3], true[(r - 1) % 3], true[r % 3]
        alone = kept[(r - 1) % 3]
        inner = span - 2
        a0, a1, a2 = above[:inner], above[1:], above[2:]
        h0, h1, h2 = here[:inner], here[1:], here[2:]
        u0, u1, u2 = under[:inner], under[1:], under[2:]
        k = alone[1:]
        for c in range(inner):
            z = h1[c]
            reach = agree * z
            count = one if abs(a0[c] - z) <= reach else nothing
            count += one if abs(a1[c] - z) <= reach else nothing
            count += one if abs(a2[c] - z) <= reach else nothing
            count += one if abs(h0[c] - z) <= reach else nothing
            count += one if abs(h2[c] - z) <= reach else nothing
            count += one if abs(u0[c] - z) <= reach else nothing
            count += one if abs(u1[c] - z) <= reach else nothing
            count += one if abs(u2[c] - z) <= reach else nothing
            k[c] = z if count >= three else nothing
        if r < top + 2:
            continue
        measured = true[(r - 2) % 3]
        above, here, under = kept[(r - 3) % 3], kept[(r - 2) % 3], kept[(r - 1) % 3]
        fill(measured, above, here, under, agree, z_mm[r - top - 2])


@compiled
def fill(
    measured: Float32,
    above: Float32,
    here: Float32,
    under: Float32,
    agree: np.float32,
    out: Float32,
) -> None:
    """Write the middle of three rows with its one-pixel holes filled; two columns are margin."""
    wide = out.shape[0]
    nothing = np.float32(0)
    one = np.float32(1)
    far = np.float32(1e9)
    holes = 0
    for c in range(wide):
        out[c] = here[c + 2]
        holes += measured[c + 2] == nothing
    if holes == 0:
        return
    for c in range(wide):
        if measured[c + 2] > nothing:
            continue
        count, total, low, high = nothing, nothing, far, nothing
        for row in (above, here, under):
            for i in range(c + 1, c + 4):
                v = row[i]
                if v > nothing:
                    count += one
                    total += v
                    low = min(low, v)
                    high = max(high, v)
        if count >= np.float32(6) and high - low <= np.float32(2) * agree * low:
            out[c] = total / count


@compiled
def extent(
    raw: npt.NDArray[np.uint16], top: int, bottom: int, left: int, right: int
) -> tuple[int, int]:
    """Return the least and the most that was measured in a part; turned round where nothing was."""
    most, nothing = np.uint16(65535), np.uint16(0)
    low, high = most, nothing
    for r in range(top, bottom):
        row = raw[r, left:right]
        for c in range(len(row)):
            told = row[c]
            low = min(low, told if told > nothing else most)
            high = max(high, told)
    return int(low), int(high)
