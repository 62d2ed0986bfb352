"""Holes that hide what is behind them: depth was not measured there, but something was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]

# Depth pixels from a surface's end up to which a hole beside it is taken for more of it. A wider
# one could be an opening.
WIDEST: Final = 24


@compiled
def cover(z_mm: Float32, behind: np.float32, covered: Float32) -> None:
    """Copy a row of depth, holes becoming covers: negative, as far as the hole's nearer side.

    A cover lies behind its surface by the share `behind`, so that whatever was measured of that
    surface is in front of it, and whatever is farther is hidden.
    """
    wide = z_mm.shape[0]
    nothing = np.float32(0)
    holes = 0
    for c in range(wide):
        covered[c] = z_mm[c]
        holes += z_mm[c] == nothing
    if holes == 0:
        return
    c = 0
    while c < wide:
        if z_mm[c] != nothing:
            c += 1
            continue
        first = c
        while c < wide and z_mm[c] == nothing:
            c += 1
        before = z_mm[first - 1] if first > 0 else nothing
        after = z_mm[c] if c < wide else nothing
        for j in range(first, c):
            left = before if j - first < WIDEST else nothing
            right = after if c - j <= WIDEST else nothing
            near = min(left, right) if left > nothing and right > nothing else max(left, right)
            covered[j] = -near * (np.float32(1) + behind)
