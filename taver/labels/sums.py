"""What all figures of agreement are computed from: sums that add up over stretches of frames.

Values are taken relative to each rater's own mean, so that nothing is lost where a rater stays far
from zero; the means are kept beside. A bootstrap sums stretches anew instead of reading all frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Sums(NamedTuple):
    """Of k raters; any axes may stand before those that are named here.

    Of a pair (i, j) count the frames that both rated, of "complete" frames those that all rated.
    """

    shift: Floats  # k: what was taken off each rater's values
    pair_frames: Floats  # k, k
    pair_sum: Floats  # k, k: of i's values
    pair_square: Floats  # k, k: of i's values squared
    pair_product: Floats  # k, k
    frames: Floats  # complete ones
    sum: Floats  # k: over complete frames
    product: Floats  # k, k: over complete frames
    values: Floats  # in frames with two raters at least
    value_sum: Floats  # of those, less the mean of all
    value_square: Floats
    apart: Floats  # Krippendorff's observed disagreement, not yet divided by `values`
    positive: Floats
    said: Floats  # all values


def sums(values: Floats, blocks: npt.NDArray[np.int64] | None = None) -> Sums:
    """Return the sums over all frames, or those of each block; `blocks` are first frames.

    `values` has a row a frame and a column a rater; NaN where nothing was said.
    """
    starts = np.zeros(1, dtype=np.int64) if blocks is None else blocks
    said: npt.NDArray[np.bool_] = ~np.isnan(values)
    count = np.maximum(said.sum(axis=0), 1)
    shift = np.where(said, values, 0.0).sum(axis=0) / count
    around = np.where(said, values - shift, 0.0)
    mask = said.astype(np.float64)
    raters: npt.NDArray[Any] = np.asarray(said.sum(axis=1))
    by_all = raters == values.shape[1]
    complete = np.where(by_all[:, None], around, 0.0)
    middle = values[said].mean() if said.any() else 0.0
    several = (said & (raters >= 2)[:, None]).astype(np.float64)
    from_middle = np.where(said, values - middle, 0.0) * several
    ends = [*starts[1:].tolist(), len(values)]
    stretches = [slice(a, b) for a, b in zip(starts.tolist(), ends, strict=True)]

    def added(per_frame: npt.NDArray[np.generic]) -> Floats:
        return np.stack([per_frame[s].sum(axis=0, dtype=np.float64) for s in stretches])

    def crossed(one: Floats, other: Floats) -> Floats:
        return np.stack([one[s].T @ other[s] for s in stretches])

    made = Sums(
        shift=np.broadcast_to(shift, (len(stretches), len(shift))),
        pair_frames=crossed(mask, mask),
        pair_sum=crossed(around, mask),
        pair_square=crossed(around**2, mask),
        pair_product=crossed(around, around),
        frames=added(by_all),
        sum=added(complete),
        product=crossed(complete, complete),
        values=added(several.sum(axis=1)),
        value_sum=added(from_middle.sum(axis=1)),
        value_square=added((from_middle**2).sum(axis=1)),
        apart=added(_apart(values, said, raters)),
        positive=added((values > 0).sum(axis=1)),
        said=added(raters),
    )
    return made if blocks is not None else Sums(*(part[0] for part in made))


def drawn_anew(blocks: Sums, weights: Floats) -> Sums:
    """Return the sums of samples that hold each block as often as its column in `weights` says."""
    return Sums(
        blocks.shift[:1],
        *(np.tensordot(weights, part, axes=(1, 0)) for part in blocks[1:]),
    )


def _apart(values: Floats, said: npt.NDArray[np.bool_], raters: npt.NDArray[Any]) -> Floats:
    """Return, of each frame, the squared differences of all pairs over (raters - 1)."""
    count = np.maximum(raters, 1)
    mean = np.where(said, values, 0.0).sum(axis=1) / count
    spread = np.where(said, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.where(raters >= 2, 2.0 * raters * spread / np.maximum(raters - 1, 1), 0.0)
