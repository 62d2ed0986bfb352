"""Whether two traces correlate at some shift more clearly than chance alone would have it.

Slow traces correlate by chance, the more the slower, and the highest of a hundred shifts is never
small. So the traces are compared with others that wander as they do and know nothing of each other:
the same spectrum with random phases (Ebisuzaki 1997). All pairs are judged together, each in
multiples of what it varies by chance, against the highest of all pairs in each draw (Westfall and
Young 1993): the more raters, the more there is to find by chance, and it is not held for a lag.

The correlation here goes round: behind the last frame the first follows, and a gap is the mean. It
judges, and does not measure; the same is done to the traces and to those they are compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

DRAWS: Final = 200
_AT_ONCE: Final = 1_000_000  # numbers drawn: a clip of an hour is 36,000 frames a rater


def by_chance(
    values: Floats, pairs: Sequence[tuple[int, int]], shifts: range, *, seed: int = 0
) -> Floats:
    """Return how often chance alone makes any of the pairs as clear as each is; NaN if still.

    `values` has a row a frame, evenly in time, and a column a rater; NaN where nothing was said.
    """
    frames = len(values)
    chance = np.full(len(pairs), np.nan)
    if not pairs:
        return chance
    around = np.stack([_around(one) for one in values.T], axis=1)
    moving = [bool(one.any()) for one in around.T]
    kept = [n for n, (late, prompt) in enumerate(pairs) if moving[late] and moving[prompt]]
    if not kept:
        return chance
    spectra = np.fft.rfft(around, axis=0)
    window = np.unique(np.array(shifts, dtype=np.int64) % frames)
    twice = np.full((len(spectra), 1), 2.0)  # as often a part of the whole spectrum
    twice[0], twice[-1] = 1.0, 1.0 + frames % 2
    lates, prompts = np.array(pairs)[kept].T
    crossed = spectra[:, lates] * np.conj(spectra[:, prompts])
    crossed /= np.sqrt((twice * np.abs(crossed) ** 2).sum(axis=0))
    clear = np.fft.irfft(crossed, frames, axis=0)[window].max(axis=0)
    rng = np.random.default_rng(seed)
    highest = np.full(DRAWS, -np.inf)
    step = max(_AT_ONCE // spectra.size, 1)
    for first in range(0, DRAWS, step):
        draws = slice(first, min(first + step, DRAWS))
        turned = np.exp(2j * np.pi * rng.random((len(highest[draws]), *spectra.T.shape)))
        for n in range(len(kept)):
            unrelated = crossed[:, n] * turned[:, lates[n]] * np.conj(turned[:, prompts[n]])
            most = np.fft.irfft(unrelated, frames, axis=1)[:, window].max(axis=1)
            highest[draws] = np.maximum(highest[draws], most)
    chance[kept] = [(1 + int((highest >= one).sum())) / (DRAWS + 1) for one in clear]
    return chance


def _around(values: Floats) -> Floats:
    """Return a trace around its mean, a gap as nothing; all nothing if it never moved."""
    said = ~np.isnan(values)
    if not said.any() or np.ptp(values[said]) == 0.0:
        return np.zeros(len(values))
    return np.where(said, values - values[said].mean(), 0.0)
