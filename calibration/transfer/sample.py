"""The depth at points of a picture: of the surface a point is on, never across its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SAME: Final = 0.02  # depths that differ by more than this share are of two surfaces


class Sampled(NamedTuple):
    """What a picture says of the surroundings of some points."""

    z_mm: Floats  # (N,) NaN where there is no depth
    spread_mm: Floats  # (N,) deviation of that surface's depths around the point: its slope
    doubt_mm: Floats  # (N,) how far the surface the point could be on as well is, at an edge


def sample(z_mm: npt.NDArray[np.generic], pixels: Floats, reach_px: int) -> Sampled:
    """Return the median depth of the surface that each pixel (N, 2) is on.

    All pixels up to `reach_px` away are looked at. A point is on the surface of the pixel it lies
    in, or, where that is missing, of the nearest one that is not; whatever is farther than 2 % in
    front or behind counts as another surface. 0 is missing; points outside the picture have none.
    """
    high, wide = z_mm.shape
    steps = np.arange(-reach_px, reach_px + 1)
    down, right = (offsets.ravel() for offsets in np.meshgrid(steps, steps, indexing="ij"))
    order = np.argsort(down**2 + right**2, kind="stable")
    known = np.isfinite(pixels).all(axis=1, keepdims=True)
    middle = np.rint(np.where(known, pixels, -1e6)).astype(np.int64)
    column = middle[:, :1] + right[order]
    row = middle[:, 1:] + down[order]
    inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
    found = z_mm[np.where(inside, row, 0), np.where(inside, column, 0)].astype(np.float64)
    found[~inside | ~(found > 0)] = np.nan
    # A point outside the picture has no depth, whatever is near the border.
    found[~inside[:, 0]] = np.nan
    there = np.isfinite(found)
    first = found[np.arange(len(found)), there.argmax(axis=1)]
    mine = there & (np.abs(found - first[:, None]) <= SAME * first[:, None])
    median = np.full(len(found), np.nan)
    some = mine.any(axis=1)
    median[some] = np.nanmedian(np.where(mine, found, np.nan)[some], axis=1)
    spread = np.full(len(found), np.nan)
    spread[some] = np.nanstd(np.where(mine, found, np.nan)[some], axis=1)
    others = np.where(there & ~mine, np.abs(found - median[:, None]), np.nan)
    doubt = np.zeros(len(found))
    edge = np.isfinite(others).any(axis=1)
    doubt[edge] = np.nanmin(others[edge], axis=1)
    return Sampled(median, spread, doubt)
