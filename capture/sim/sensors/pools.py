"""Noise for every pixel of a frame that depends on nothing but the seed and the frame's number.

Fresh Gaussians would cost ten times what all the rest of a sensor does. So a pool of them is drawn
once, and every row of every frame reads on from a place of its own in it. The place is a hash, not
a generator's next number: frame 900 is the same whether frames 0 to 899 were drawn before it or
not, in every process and on every thread.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from capture.sim import noise

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]

_Scalar = TypeVar("_Scalar", bound=np.generic)

SIGMA: Final = 32  # of the Gaussian pool, in its own counts: 127 of them are four sigma
_LENGTH: Final = 1 << 19  # stays in a processor's second cache
_LONGEST_ROW: Final = 8192 * 3


@functools.cache
def gaussian() -> npt.NDArray[np.int8]:
    """Return normal noise of mean 0 and the standard deviation SIGMA."""
    values = np.random.default_rng(0x7A_75_01).standard_normal(_LENGTH)
    values = (values - values.mean()) / values.std()
    return _ring(np.clip(np.rint(values * SIGMA), -127, 127).astype(np.int8))


@functools.cache
def uniform() -> npt.NDArray[np.uint8]:
    """Return noise in which every value from 0 to 255 is as likely as any other."""
    values = np.arange(_LENGTH, dtype=np.uint32).astype(np.uint8)
    return _ring(np.random.default_rng(0x7A_75_02).permutation(values))


def places(seed: int, stream: str, number: int, rows: int) -> Places:
    """Return where in a pool each row of frame `number` starts to read."""
    shares = noise.uniform(noise.key(seed, stream, number), np.arange(rows))
    return (shares * _LENGTH).astype(np.int64)


def _ring(values: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """Repeat the pool's beginning behind its end, so that no row runs out of it."""
    ring = np.concatenate([values, values[:_LONGEST_ROW]])
    ring.flags.writeable = False
    return ring
