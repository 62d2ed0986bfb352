"""Arrays of 2-D and 3-D vectors as the geometry takes them: float64, the last axis counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def as_floats(values: npt.ArrayLike, what: str) -> Floats:
    """Return `values` as float64, or say that the `what` are no numbers."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"The {what} are not numbers in an even array",
            fix="give a numpy array, or lists of equal length",
        ) from None


def as_vectors(values: npt.ArrayLike, size: int, what: str) -> Floats:
    """Return `values` as float64 with a last axis of `size`, or name the shape they have."""
    vectors = as_floats(values, what)
    if vectors.ndim == 0 or vectors.shape[-1] != size:
        raise InputError(
            f"The {what} have the shape {vectors.shape}",
            fix=f"give them as (..., {size}), one vector along the last axis",
        )
    return vectors


def nan_as_a_whole(vectors: Floats) -> Floats:
    """Return a copy in which a vector that is not finite in one coordinate is NaN in all."""
    whole = vectors.copy()
    for axis in range(vectors.shape[-1]):  # ten times faster than to reduce so short an axis
        whole[~np.isfinite(vectors[..., axis])] = np.nan
    return whole
