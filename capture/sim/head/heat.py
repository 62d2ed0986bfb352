"""How warm a person is: the face at rest, and where nose, cheeks and forehead can change.

Levels follow published facial thermography (forehead 34 to 35 C, inner corners of the eyes the
warmest, the tip of the nose the coldest and the most changeable).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain
from capture.sim.head.identity import HairStyle
from capture.sim.head.skin import above_hairline
from capture.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.anatomy import Anatomy
    from capture.sim.head.identity import Identity

    Floats = npt.NDArray[np.float32]

AIR_K = 295.65  # all temperatures below hold in a room this warm
_EVERY = 4  # texels of the skin's colour that share one of its temperature


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Warmth:
    """Temperatures of the skin, and how much each texel follows the parts that can change."""

    rest_k: Floats  # (N, N)
    nose: Floats
    cheeks: Floats
    forehead: Floats


def of_skin(anatomy: Anatomy, who: Identity) -> Warmth:
    """Return the temperature maps of a person's skin."""
    rng = np.random.default_rng([who.seed, 0x4EA7])
    at = anatomy.map_mm[::_EVERY, ::_EVERY]
    x, y, z = (np.where(np.isfinite(at[..., i]), at[..., i], np.float32(500)) for i in range(3))
    side = np.abs(x)

    def spot(out: float, down: float, wide: float, high: float) -> Floats:
        falling = ((side - out) / wide) ** 2 + ((y - down) / high) ** 2
        return np.where(z < 85, np.exp(-falling), 0).astype(np.float32)

    nose = spot(0, 38, 13, 14)
    cheeks = spot(42, 36, 21, 22)
    forehead = spot(0, -48, 48, 24)
    lips = anatomy.map_lips[::_EVERY, ::_EVERY].astype(np.float32) / 255
    c = 33.9 + rng.normal(0, 0.25) + np.zeros_like(x)
    c += 0.7 * forehead + 1.5 * spot(17, 1, 7, 6) + 0.5 * spot(30, -4, 16, 10)
    c += (-0.8 + rng.normal(0, 0.2)) * cheeks + (-1.5 + rng.normal(0, 0.4)) * nose
    c += 0.5 * lips - 0.5 * spot(0, 98, 20, 12) - 1.3 * np.clip((side - 70) / 12, 0, 1)
    c += 0.6 * spot(46, 140, 24, 40) + 0.15 * grain.noise(x.shape, (9, 12), rng, 3)
    brow = np.exp(-(((y + 20) / 4.5) ** 2)) * (side > 12) * (side < 50) * (z < 30)
    c -= 0.7 * brow
    if who.style is not HairStyle.BALD:
        inside = np.clip(above_hairline(x, y, z) / 8, 0, 1)
        c -= 2.6 * inside
    return Warmth(
        rest_k=(c + ZERO_CELSIUS_K).astype(np.float32), nose=nose, cheeks=cheeks, forehead=forehead
    )


def flat(celsius: float) -> Floats:
    """Return a picture of one texel and one temperature."""
    return np.full((1, 1), celsius + ZERO_CELSIUS_K, np.float32)


def uneven(celsius: float, spread: float, rng: np.random.Generator) -> Floats:
    """Return the picture of something worn: warm where it touches, cooler where it hangs."""
    shape = (64, 64)
    return (celsius + ZERO_CELSIUS_K + spread * grain.noise(shape, (5, 5), rng, 2)).astype(
        np.float32
    )
