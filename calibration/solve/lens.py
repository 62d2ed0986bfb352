"""Where directions are seen, and how that changes with the direction and with the lens.

The formulas are those of `taver.core.distortion`; here with their derivatives. A lens is the vector
fx fy cx cy k1 k2 p1 p2 k3 [k4 k5 k6].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

NAMES: Final = (
    "fx_px", "fy_px", "cx_px", "cy_px", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6",
)  # fmt: skip
_STEPS: Final = 20
_ENOUGH: Final = 1e-11


def distorted(lens: Floats, xy: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the distorted directions (n, 2), their slopes by the direction (n, 2, 2) and by k.

    The last is (n, 2, 5 or 8): by k1 k2 p1 p2 k3 [k4 k5 k6].
    """
    k1, k2, p1, p2, k3 = lens[4:9].tolist()
    x, y = xy[:, 0], xy[:, 1]
    xx, double_xy, yy = x * x, 2.0 * x * y, y * y
    s = xx + yy
    s2, s3 = s * s, s * s * s
    top = 1.0 + k1 * s + k2 * s2 + k3 * s3
    top_slope = k1 + 2.0 * k2 * s + 3.0 * k3 * s2
    if len(lens) == 12:
        k4, k5, k6 = lens[9:].tolist()
        under = 1.0 + k4 * s + k5 * s2 + k6 * s3
        g = top / under
        slope = (top_slope - g * (k4 + 2.0 * k5 * s + 3.0 * k6 * s2)) / under
    else:
        under, g, slope = np.ones_like(s), top, top_slope
    seen = np.empty_like(xy)
    seen[:, 0] = x * g + p1 * double_xy + p2 * (s + 2.0 * xx)
    seen[:, 1] = y * g + p1 * (s + 2.0 * yy) + p2 * double_xy
    along = np.empty((len(xy), 2, 2))
    along[:, 0, 0] = g + 2.0 * xx * slope + 2.0 * p1 * y + 6.0 * p2 * x
    along[:, 0, 1] = along[:, 1, 0] = double_xy * slope + 2.0 * p1 * x + 2.0 * p2 * y
    along[:, 1, 1] = g + 2.0 * yy * slope + 6.0 * p1 * y + 2.0 * p2 * x
    by_k = np.empty((len(xy), 2, len(lens) - 4))
    for place, power in ((0, s), (1, s2), (4, s3)):
        by_k[:, :, place] = xy * (power / under)[:, None]
    by_k[:, 0, 2] = by_k[:, 1, 3] = double_xy
    by_k[:, 0, 3] = s + 2.0 * xx
    by_k[:, 1, 2] = s + 2.0 * yy
    if len(lens) == 12:
        for place, power in ((5, s), (6, s2), (7, s3)):
            by_k[:, :, place] = xy * (-g * power / under)[:, None]
    return seen, along, by_k


def projected(lens: Floats, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the pixels (n, 2) of points (n, 3), their slopes by the point and by the lens."""
    depth = points[:, 2]
    safe = np.where(np.abs(depth) > 1e-9, depth, 1e-9)
    xy = points[:, :2] / safe[:, None]
    seen, along, by_k = distorted(lens, xy)
    focal, centre = lens[:2], lens[2:4]
    by_xy = along * focal[:, None]
    by_point = np.empty((len(points), 2, 3))
    by_point[:, :, :2] = by_xy / safe[:, None, None]
    by_point[:, :, 2] = -np.einsum("nij,nj->ni", by_xy, xy) / safe[:, None]
    by_lens = np.zeros((len(points), 2, len(lens)))
    by_lens[:, 0, 0], by_lens[:, 1, 1] = seen[:, 0], seen[:, 1]
    by_lens[:, 0, 2] = by_lens[:, 1, 3] = 1.0
    by_lens[:, :, 4:] = by_k * focal[:, None]
    return seen * focal + centre, by_point, by_lens


def directions(lens: Floats, pixels: Floats) -> Floats:
    """Return the directions (n, 2) that are seen at the pixels, by Newton's method.

    Where the lens has no answer the last guess is returned: pixels of a board are well inside.
    """
    goal = (pixels - lens[2:4]) / lens[:2]
    at = goal.copy()
    for _ in range(_STEPS):
        seen, along, _ = distorted(lens, at)
        off = seen - goal
        if float(np.abs(off).max(initial=0.0)) < _ENOUGH:
            break
        at -= _solved(along, off)
    return at


def directions_and_slopes(lens: Floats, pixels: Floats) -> tuple[Floats, Floats]:
    """Return the directions and how they change with the lens, (n, 2, 9 or 12)."""
    at = directions(lens, pixels)
    seen, along, by_k = distorted(lens, at)
    # The seen place stays: distorted(at; k) = (pixel - c) / f, so along d(at) = d(goal) - by_k dk.
    change = np.zeros((len(pixels), 2, len(lens)))
    change[:, 0, 0] = -seen[:, 0] / lens[0]
    change[:, 1, 1] = -seen[:, 1] / lens[1]
    change[:, 0, 2] = -1.0 / lens[0]
    change[:, 1, 3] = -1.0 / lens[1]
    change[:, :, 4:] = -by_k
    return at, _inverse(along) @ change


def _inverse(matrices: Floats) -> Floats:
    a, b = matrices[:, 0, 0], matrices[:, 0, 1]
    c, d = matrices[:, 1, 0], matrices[:, 1, 1]
    inverse = np.empty_like(matrices)
    inverse[:, 0, 0], inverse[:, 0, 1] = d, -b
    inverse[:, 1, 0], inverse[:, 1, 1] = -c, a
    return np.asarray(inverse / (a * d - b * c)[:, None, None])


def _solved(matrices: Floats, right: Floats) -> Floats:
    return np.asarray(np.einsum("nij,nj->ni", _inverse(matrices), right))
