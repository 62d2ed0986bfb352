"""Turns the depths on a board into few numbers that tell as much.

Seen through a pinhole, the inverse depth of a plane is linear over the picture. So what does not
lie on the board's own plane is found without knowing the camera, and the mean of 1/z over a small
cell belongs to the cell's middle exactly, but for the lens's bending within it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.observations import Depths

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

CELL_PX: Final = 12.0
_ROUNDS: Final = 6
_CLIP: Final = 3.5  # robust deviations from the plane
_FINEST_MM: Final = 0.3  # no sensor's noise is below its rounding
_FEWEST: Final = 12  # pixels that tell a plane


def on_plane(depths: Depths) -> npt.NDArray[np.bool_]:
    """Tell which depths lie on the plane that most of them make: not those of a hand, or flying."""
    inverse = 1.0 / depths.z_mm
    middle, spread = depths.pixels.mean(axis=0), np.ptp(depths.pixels, axis=0).max() + 1.0
    terms = np.column_stack([np.ones(len(inverse)), (depths.pixels - middle) / spread])
    kept = np.abs(depths.z_mm - np.median(depths.z_mm)) < 0.5 * np.median(depths.z_mm)
    for _ in range(_ROUNDS):
        if kept.sum() < _FEWEST:
            return np.zeros(len(kept), bool)
        plane, *_ = np.linalg.lstsq(terms[kept], inverse[kept], rcond=None)
        off_mm = (terms @ plane - inverse) * depths.z_mm**2
        noise_mm = max(1.4826 * float(np.median(np.abs(off_mm[kept]))), _FINEST_MM)
        now = np.abs(off_mm) < _CLIP * noise_mm
        if (now == kept).all():
            break
        kept = now
    return np.asarray(kept)


def condensed(depths: Depths, cell_px: float = CELL_PX) -> Depths:
    """Return one depth for each small cell of the picture, without what is not on the plane."""
    if depths.counts is not None:
        return depths
    kept = on_plane(depths) if len(depths.z_mm) else np.zeros(0, bool)
    pixels, inverse = depths.pixels[kept], 1.0 / depths.z_mm[kept]
    cells = np.floor(pixels / cell_px).astype(np.int64)
    _, which = np.unique(cells, axis=0, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which).astype(np.float64)
    means = [np.bincount(which, part) / counts for part in (*pixels.T, inverse)]
    return Depths(
        pixels=np.column_stack(means[:2]).reshape(-1, 2), z_mm=1.0 / means[2], counts=counts
    )
