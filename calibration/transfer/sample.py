"""The depth at points of a picture: of the surface a point is on, never across its edge."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

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
    told = Sampled(*(np.empty(len(pixels)) for _ in Sampled._fields))
    sampled(z_mm, pixels, nearest_first(reach_px), *told)
    return told


@functools.lru_cache(maxsize=8)
def nearest_first(reach_px: int) -> Ints:
    """Return the steps (2, n), down and right, to all pixels that are looked at."""
    steps = np.arange(-reach_px, reach_px + 1)
    down, right = (offsets.ravel() for offsets in np.meshgrid(steps, steps, indexing="ij"))
    order = np.argsort(down**2 + right**2, kind="stable")
    return np.ascontiguousarray(np.stack([down, right])[:, order], np.int64)


@compiled
def sampled(
    picture: npt.NDArray[np.generic],
    pixels: Floats,
    steps: Ints,
    z_mm: Floats,
    spread_mm: Floats,
    doubt_mm: Floats,
) -> None:
    """Write what `sample` returns."""
    high, wide = picture.shape
    found = np.empty(steps.shape[1])
    mine = np.empty(steps.shape[1])
    for i in range(pixels.shape[0]):
        z_mm[i], spread_mm[i], doubt_mm[i] = np.nan, np.nan, 0.0
        x, y = np.rint(pixels[i, 0]), np.rint(pixels[i, 1])
        # A point outside the picture has no depth, whatever is near the border.
        if not (x >= 0.0 and x < wide and y >= 0.0 and y < high):
            continue
        count, own = 0, 0
        for n in range(steps.shape[1]):
            row, column = int(y) + steps[0, n], int(x) + steps[1, n]
            if row < 0 or row >= high or column < 0 or column >= wide:
                continue
            z = float(picture[row, column])
            if z > 0.0 and z < np.inf:
                found[count] = z
                count += 1
        for n in range(count):
            if abs(found[n] - found[0]) <= SAME * found[0]:
                mine[own] = found[n]
                own += 1
        if not own:
            continue
        z_mm[i] = np.median(mine[:own])
        spread_mm[i] = np.std(mine[:own])
        nearest = np.inf
        for n in range(count):
            if abs(found[n] - found[0]) > SAME * found[0]:
                nearest = min(nearest, abs(found[n] - z_mm[i]))
        if nearest < np.inf:
            doubt_mm[i] = nearest
