"""What a frame tells besides where the face is: openings, sharpness, exposure, what covers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.faces.compiled import compiled
from taver.faces.points import INNER

if TYPE_CHECKING:
    from taver.faces.finder import Grey
    from taver.faces.points import Floats

# For each opening: pairs of points that open, and the two that are as far apart as it is wide.
_EYES: Final = ((((37, 41), (38, 40)), (36, 39)), (((43, 47), (44, 46)), (42, 45)))
_MOUTH: Final = (((61, 67), (62, 66), (63, 65)), (60, 64))
_DARK, _BRIGHT = 4, 251
_COVERS_MM: Final = 30.0  # nearer than the face by more than this is something else


class Look(NamedTuple):
    """What the picture of a face is like, whatever the face does."""

    sharpness: float  # what its finest detail is of all there is; falls when blurred
    exposure: float  # its mean, from 0 black to 1 white
    clipped: float  # the share of it that is too dark or too bright to tell


def look_of(chip: Grey) -> Look:
    """Return what an upright chip of one size is like."""
    spread, fine, mean, clipped = _told(np.ascontiguousarray(chip))
    return Look(fine / max(spread, 1.0), mean / 255.0, clipped)


@compiled
def _told(chip: Grey) -> tuple[float, float, float, float]:
    """Return the deviations of a chip and of its Laplacian, its mean, and how much is clipped."""
    high, wide = chip.shape
    total, squares, clipped = np.int64(0), np.int64(0), np.int64(0)
    fine, fine_squares = np.int64(0), np.int64(0)
    for y in range(high):
        above, below = (y - 1 if y else 1), (y + 1 if y < high - 1 else high - 2)  # mirrored
        for x in range(wide):
            left, right = (x - 1 if x else 1), (x + 1 if x < wide - 1 else wide - 2)
            here = np.int64(chip[y, x])
            around = np.int64(chip[above, x]) + chip[below, x] + chip[y, left] + chip[y, right]
            bent = around - 4 * here
            total += here
            squares += here * here
            fine += bent
            fine_squares += bent * bent
            clipped += np.int64((here <= _DARK) | (here >= _BRIGHT))
    count = high * wide
    mean, middle = total / count, fine / count
    spread = np.sqrt(max(squares / count - mean * mean, 0.0))
    return spread, np.sqrt(max(fine_squares / count - middle * middle, 0.0)), mean, clipped / count


def eye_opening(landmarks: Floats) -> Floats:
    """Return how high each eye is open, by its width: (..., 2), the picture's left one first."""
    return np.stack([_opening(landmarks, *eye) for eye in _EYES], axis=-1)


def mouth_opening(landmarks: Floats) -> Floats:
    """Return how high the mouth is open between the lips, by its width."""
    return _opening(landmarks, *_MOUTH)


def occlusion(z_mm: Floats, expected_mm: Floats) -> Floats:
    """Return which share of the inner points something stands before: (frames, 68) each.

    Expected is how far the points of a face in that pose would be. How far the face itself is, its
    farthest quarter tells: what covers a face is never behind it. NaN where too few have a depth.
    """
    inner = list(INNER)
    behind = z_mm[:, inner] - expected_mm[:, inner]
    there = np.isfinite(behind)
    covered = np.full(len(behind), np.nan)
    for row in np.flatnonzero(there.sum(axis=1) >= len(inner) // 4).tolist():
        mine = behind[row, there[row]]
        covered[row] = (mine < np.percentile(mine, 75) - _COVERS_MM).mean()
    return covered


def _opening(
    landmarks: Floats, pairs: tuple[tuple[int, int], ...], ends: tuple[int, int]
) -> Floats:
    def apart(a: int, b: int) -> Floats:
        return np.asarray(np.linalg.norm(landmarks[..., a, :] - landmarks[..., b, :], axis=-1))

    high = np.mean([apart(a, b) for a, b in pairs], axis=0)
    return np.asarray(high / apart(*ends))
