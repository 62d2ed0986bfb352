"""Similarities of the plane: turn, scale and shift, as 2x3 matrices.

Fitted by Umeyama, "Least-squares estimation of transformation parameters between two point
patterns" (1991), which in the plane needs no decomposition: a similarity is one complex number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def fit(source: Floats, target: Floats, weights: Floats | None = None) -> Floats:
    """Return the similarity (..., 2, 3) that brings `source` (..., n, 2) nearest to `target`.

    Weights (n,) are how much each point counts. NaN where a point is, or where all points of the
    source are one.
    """
    counts = np.ones(source.shape[-2]) if weights is None else weights
    share = (counts / counts.sum())[:, None]
    middle, aim = (share * source).sum(axis=-2), (share * target).sum(axis=-2)
    a, b = source - middle[..., None, :], target - aim[..., None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        size = (share * a * a).sum(axis=(-1, -2))
        along = (share * a * b).sum(axis=(-1, -2)) / size
        turned = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
        across = (share[:, 0] * turned).sum(axis=-1) / size
    matrix = np.empty((*along.shape, 2, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = along
    matrix[..., 0, 1], matrix[..., 1, 0] = -across, across
    matrix[..., :, 2] = aim - np.einsum("...ij,...j->...i", matrix[..., :2], middle)
    return matrix


def apply(matrix: Floats, points: Floats) -> Floats:
    """Return the points (..., n, 2) brought to where the similarity (..., 2, 3) takes them."""
    turned = points @ np.swapaxes(matrix[..., :2], -1, -2)
    return np.asarray(turned + matrix[..., None, :, 2])


def inverse(matrix: Floats) -> Floats:
    """Return the similarity back."""
    if matrix.ndim == 2:
        return _inverse_of_one(*matrix.tolist())
    a, b = matrix[..., 0, 0], matrix[..., 1, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        size = a * a + b * b
        back = np.empty_like(matrix)
        back[..., 0, 0] = back[..., 1, 1] = a / size
        back[..., 0, 1], back[..., 1, 0] = b / size, -b / size
    back[..., :, 2] = -np.einsum("...ij,...j->...i", back[..., :2], matrix[..., :, 2])
    return back


def _inverse_of_one(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> Floats:
    """Return a single one's, by plain numbers: small arrays take ten times as long."""
    a, _, x = first
    b, _, y = second
    size = a * a + b * b
    if size == 0.0:
        return np.full((2, 3), np.nan)
    a, b = a / size, b / size
    return np.array([[a, b, -(a * x + b * y)], [-b, a, b * x - a * y]])


def scale(matrix: Floats) -> Floats:
    """Return how many times larger things become."""
    return np.asarray(np.hypot(matrix[..., 0, 0], matrix[..., 1, 0]))


def shifted(matrix: Floats, left: float, top: float) -> Floats:
    """Return the similarity for points counted from (left, top) on."""
    moved = matrix.copy()
    moved[..., :, 2] += matrix[..., :2] @ np.array([left, top])
    return moved
