"""Random numbers by their place: the same seed and place give the same number, in any order.

A simulated person must be the same at frame 700 whether or not the 699 before were asked for, so
nothing here has a state: a number is a hash of what it is for and of its index.
"""

from __future__ import annotations

import functools
import hashlib
import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_64_BITS: Final = 2**64 - 1
# Normal numbers beyond this would be movements nobody makes.
_FARTHEST: Final = 2.5
# Root mean square of the weights of a uniform cubic B-spline, over one interval.
_SPLINE_RMS: Final = (151 / 315) ** 0.5


def key(*parts: int | str) -> int:
    """Return the 64-bit key of a sequence of random numbers: a seed, and what they are for."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def uniform(of: int, index: npt.ArrayLike) -> Floats:
    """Return the numbers from 0 to below 1 at these places of the sequence `of`."""
    # SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    places = np.atleast_1d(np.asarray(index, np.int64)).astype(np.uint64)
    z = np.uint64(of) + places * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)) * 2.0**-53).reshape(np.shape(index))


def normal(of: int, index: npt.ArrayLike) -> Floats:
    """Return standard normal numbers at these places, none farther than 2.5 from 0."""
    twice = 2 * np.asarray(index, np.int64)
    radius = np.sqrt(-2.0 * np.log1p(-uniform(of, twice)))  # Box and Muller, 1958
    both = radius * np.cos(2.0 * np.pi * uniform(of, twice + 1))
    return np.asarray(np.clip(both, -_FARTHEST, _FARTHEST))


def chance(of: int, index: int) -> float:
    """Return one number from 0 to below 1: the same as `uniform`, faster for one alone."""
    z = (of + index * 0x9E3779B97F4A7C15) & _64_BITS
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _64_BITS
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def wander(of: int, t_s: float, step_s: float) -> float:
    """Return a smooth random function of time, around 0 and about 1 in size.

    A cubic B-spline over a normal number every `step_s`: without corners in its speed, never
    beyond 3.7, never faster than 5.5 / `step_s` a second.
    """
    place = t_s / step_s
    cell = math.floor(place)
    u = place - cell
    weights = (
        (1 - u) ** 3 / 6,
        (3 * u**3 - 6 * u**2 + 4) / 6,
        (-3 * u**3 + 3 * u**2 + 3 * u + 1) / 6,
        u**3 / 6,
    )
    knots = _knots(of, cell)
    return sum(w * knot for w, knot in zip(weights, knots, strict=True)) / _SPLINE_RMS


@functools.lru_cache(maxsize=1024)
def _knots(of: int, cell: int) -> tuple[float, ...]:
    return tuple(normal(of, np.arange(cell - 1, cell + 3)).tolist())


def ease(share: float) -> float:
    """Return the way from 0 to 1 that starts and ends at rest; outside it stays at 0 or 1."""
    u = min(max(share, 0.0), 1.0)
    return u**3 * (10 - 15 * u + 6 * u**2)  # least jerk: Flash and Hogan, 1985


def window(t_s: float, start_s: float, end_s: float, edge_s: float) -> float:
    """Return 1 from `start_s` to `end_s` and 0 elsewhere, eased over `edge_s` inside the two."""
    return ease((t_s - start_s) / edge_s) * ease((end_s - t_s) / edge_s)
