"""Takes the tremble out of recorded points without shifting them in time.

Savitzky and Golay's filter (1964): each point becomes the middle of a parabola through seven
frames. Where a point moves faster than a parabola can, what the filter took off is more than
tremble, and the point is left as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.faces.gaps import unbroken
from taver.faces.points import eye_distance

if TYPE_CHECKING:
    from taver.faces.gaps import Times
    from taver.faces.points import Floats

WINDOW: Final = 7  # frames
DEGREE: Final = 2
# How far a point of a face that is held still trembles, as a share of the eye distance.
_TREMBLE: Final = 0.006
_ALL_TREMBLE, _NO_TREMBLE = 2.0, 5.0  # times that


def smoothed(points: Floats, unix_ns: Times, window: int = WINDOW) -> Floats:
    """Return the points (frames, 68, 2) smoothed; nothing is smoothed across a gap."""
    calm = points.copy()
    for first, end in unbroken(points, unix_ns):
        calm[first:end] = _run(points[first:end], window)
    return calm


def _run(points: Floats, window: int) -> Floats:
    size = min(window, len(points) - (len(points) + 1) % 2)  # odd
    if size <= DEGREE:
        return points
    flat = points.reshape(len(points), -1)
    fit = _fit(size)
    half = size // 2
    calm = np.empty_like(flat)
    windows = np.lib.stride_tricks.sliding_window_view(flat, size, axis=0)
    calm[half : len(flat) - half] = windows @ fit[half]
    calm[:half] = fit[:half] @ flat[:size]
    calm[len(flat) - half :] = fit[half + 1 :] @ flat[-size:]
    smooth = calm.reshape(points.shape)
    taken = np.linalg.norm(points - smooth, axis=-1, keepdims=True)
    tremble = _TREMBLE * eye_distance(points)[:, None, None]
    moving = np.clip((taken / tremble - _ALL_TREMBLE) / (_NO_TREMBLE - _ALL_TREMBLE), 0.0, 1.0)
    return np.asarray(smooth + moving * (points - smooth))


def _fit(size: int) -> Floats:
    """Return the matrix that takes so many values to their parabola's."""
    powers = np.vander(np.arange(size) - size // 2, DEGREE + 1).astype(np.float64)
    return np.asarray(powers @ np.linalg.pinv(powers))
