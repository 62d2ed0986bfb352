"""The picture on an eyeball: sclera, veins, iris and pupil, laid out round its axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain
from capture.sim.head.layout import EYE_SPAN_DEG

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.identity import Identity

SIZE = 256
_IRIS_DEG, _PUPIL_DEG = 25.5, 10.0


def paint(who: Identity) -> npt.NDArray[np.uint8]:
    """Return the texture (256, 256, 3) of both eyes."""
    rng = np.random.default_rng([who.seed, 0xE7E])
    axis = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * EYE_SPAN_DEG
    x, y = np.meshgrid(axis, axis)
    off = np.hypot(x, y)
    turn = np.arctan2(y, x)
    white = np.array([226.0, 218.0, 212.0])
    veins = np.clip(grain.noise((SIZE, SIZE), (14, 20), rng, 2), 0, 1)
    redness = np.clip((off - 28) / 22, 0, 1) * (0.35 + 0.5 * veins)
    rgb = white * (1 - redness[..., None] * (np.array([10, 42, 44]) / 255))
    # Fibres run outwards; the iris is lighter round the pupil and has a dark outer ring.
    spokes = grain.noise((1, 512), (1, 90), rng, 2)[0]
    fibres = spokes[((turn / (2 * np.pi) + 0.5) * 511).astype(np.int64)]
    iris = np.array(who.iris) * (1 + 0.28 * fibres[..., None])
    iris = iris * (1.25 - 0.5 * np.clip((off - _PUPIL_DEG) / 15, 0, 1)[..., None])
    ring = 1 / (1 + np.exp(-(off - (_IRIS_DEG - 2.6)) / 0.9))
    iris = iris * (1 - 0.62 * ring[..., None])
    inside = 1 / (1 + np.exp((off - _IRIS_DEG) / 0.7))
    rgb = rgb + inside[..., None] * (iris - rgb)
    pupil = 1 / (1 + np.exp((off - _PUPIL_DEG) / 0.5))
    rgb = rgb + pupil[..., None] * (np.array([12, 10, 10]) - rgb)
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)
