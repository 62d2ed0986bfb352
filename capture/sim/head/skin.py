"""The picture on a person's skin: tone, blush, lips, brows, lids, stubble and the shaved scalp.

Places are those of the shared mesh in millimetres: every person's nose is at the same texel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import brows, grain
from capture.sim.head.identity import HairStyle
from capture.sim.head.layout import SKIN_SIZE

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.anatomy import Anatomy
    from capture.sim.head.identity import RGB, Identity

    Float32 = npt.NDArray[np.float32]

_SHAPE = (SKIN_SIZE, SKIN_SIZE)


class Canvas:
    """Colours of the skin's texels, and where on the head they lie."""

    def __init__(self, anatomy: Anatomy, skin: RGB) -> None:
        at = np.where(np.isfinite(anatomy.map_mm), anatomy.map_mm, np.float32(500))
        self.x, self.y, self.z = (np.ascontiguousarray(at[..., i]) for i in range(3))
        self.side = np.abs(self.x)
        self.lips = anatomy.map_lips.astype(np.float32) / 255
        self.rgb = np.empty((*_SHAPE, 3), np.float32)
        self.rgb[:] = skin

    def spot(self, x: float, y: float, wide: float, high: float) -> Float32:
        """Return a soft spot on both sides of the face, 1 at its middle."""
        falling = ((self.side - x) / wide) ** 2 + ((self.y - y) / high) ** 2
        return np.where(self.z < 90, np.exp(-falling), 0).astype(np.float32)

    def tint(self, amount: Float32, by: RGB) -> None:
        """Multiply by a colour where `amount` is 1, less where it is less."""
        for i in range(3):
            self.rgb[..., i] *= 1 + amount * np.float32(by[i] - 1)

    def cover(self, amount: Float32, rgb: RGB) -> None:
        """Lay a colour over the skin."""
        for i in range(3):
            self.rgb[..., i] += amount * (np.float32(rgb[i]) - self.rgb[..., i])


def paint(anatomy: Anatomy, who: Identity) -> npt.NDArray[np.uint8]:
    """Return the skin's texture (N, N, 3) as it looks when fully lit."""
    rng = np.random.default_rng([who.seed, 0x5417])
    canvas = Canvas(anatomy, who.skin)
    _tone(canvas, who, rng)
    _lips(canvas, who, rng)
    _eyes(canvas, anatomy, who)
    _stubble(canvas, who, rng)
    _scalp(canvas, who, rng)
    brows.paint(canvas, who, rng)
    return np.asarray(np.clip(canvas.rgb + 0.5, 0, 255), np.uint8)


def _tone(canvas: Canvas, who: Identity, rng: np.random.Generator) -> None:
    patches = grain.noise(_SHAPE, (18, 26), rng, 3)
    pores = grain.noise(_SHAPE, (220, 300), rng, 2)
    uneven = who.unevenness
    for i, strength in enumerate((0.022, 0.034, 0.038)):
        canvas.rgb[..., i] *= 1 + uneven * (strength * patches + 0.022 * pores)
    red = canvas.spot(40, 36, 20, 17) + 0.8 * canvas.spot(0, 38, 13, 13)
    red += 0.35 * canvas.spot(0, 98, 18, 12) + 0.5 * canvas.spot(78, 5, 12, 30)
    canvas.tint(np.minimum(red, 1) * np.float32(who.blush), (1.02, 0.88, 0.87))
    canvas.tint(canvas.spot(0, -55, 55, 28), (1.02, 1.01, 0.98))
    # Folds from the nose to the mouth, and lines on the forehead, come with age.
    fold = np.exp(-(((canvas.side - 22 - 0.32 * (canvas.y - 45)) / 2.2) ** 2))
    fold = fold * np.exp(-(((canvas.y - 58) / 11) ** 2)) * (canvas.z < 40)
    canvas.tint((fold * (0.25 + who.age)).astype(np.float32), (0.92, 0.88, 0.87))
    wave = np.sin(canvas.y / 1.75 + 0.8 * np.sin(canvas.x / 14)) ** 8
    lines = wave * canvas.spot(0, -55, 34, 12) * max(who.age - 0.35, 0)
    canvas.tint(lines.astype(np.float32), (0.84, 0.80, 0.79))
    if who.freckles > 0:
        dots = np.clip(grain.noise(_SHAPE, (160, 220), rng, 1) * 3 - 1.5, 0, 1)
        where = np.minimum(canvas.spot(28, 28, 24, 18) + canvas.spot(0, 28, 12, 12), 1)
        canvas.tint((dots * where * who.freckles).astype(np.float32), (0.80, 0.70, 0.62))


def _lips(canvas: Canvas, who: Identity, rng: np.random.Generator) -> None:
    amount = canvas.lips.copy()
    for _ in range(3):  # soften the border
        amount[1:-1, 1:-1] = (
            amount[1:-1, 1:-1] * 2
            + amount[:-2, 1:-1]
            + amount[2:, 1:-1]
            + amount[1:-1, :-2]
            + amount[1:-1, 2:]
        ) / 6
    creases = grain.noise(_SHAPE, (30, 330), rng, 2)
    canvas.cover((amount * (0.72 + 0.2 * who.makeup)).astype(np.float32), who.lips)
    canvas.tint(amount * (0.5 + 0.5 * creases), (0.93, 0.90, 0.90))
    upper = amount * np.clip((68 - canvas.y) / 6, 0, 1)
    canvas.tint(upper.astype(np.float32), (0.90, 0.87, 0.88))
    # Where the lips meet it is dark, and so are the corners.
    seam = np.exp(-(((canvas.y - 67.2) / 1.0) ** 2)) * (canvas.side < 26) * (canvas.z < 0)
    canvas.tint((seam * 0.8).astype(np.float32), (0.62, 0.50, 0.50))


def _eyes(canvas: Canvas, anatomy: Anatomy, who: Identity) -> None:
    shade = canvas.spot(30, -6, 19, 9) * 0.6 + canvas.spot(27, 13, 15, 5) * (0.45 + 0.4 * who.age)
    canvas.tint(shade, (0.86, 0.80, 0.82))
    canvas.tint(canvas.spot(17, 2, 4, 5), (0.90, 0.80, 0.79))
    if who.makeup > 0.2:
        canvas.tint(canvas.spot(32, -8, 15, 5) * np.float32(who.makeup), (0.74, 0.66, 0.70))
    # The lids' rims are dark with lashes: find the texels close to where those grow.
    lashes = np.unique(anatomy.triangles["lashes"])
    at = anatomy.vertices_mm[lashes]
    ball = (canvas.side > 12) & (canvas.side < 54) & (np.abs(canvas.y) < 12) & (canvas.z < 12)
    row, column = np.nonzero(ball)
    there = np.stack([canvas.x[row, column], canvas.y[row, column], canvas.z[row, column]], 1)
    nearest = np.full(len(there), np.float32(1e9))
    for vertex in at:
        nearest = np.minimum(nearest, ((there - vertex) ** 2).sum(axis=1))
    rim = np.zeros(_SHAPE, np.float32)
    upper = np.where(there[:, 1] < 2, 0.9, 0.4)
    rim[row, column] = np.exp(-nearest / (0.6 + 1.0 * who.makeup)) * upper
    canvas.tint(rim, (0.42, 0.36, 0.36))


def _stubble(canvas: Canvas, who: Identity, rng: np.random.Generator) -> None:
    if who.stubble <= 0:
        return
    jaw = np.clip((canvas.y - 46 - 0.16 * (60 - canvas.side)) / 14, 0, 1)
    jaw = jaw * np.clip((122 - canvas.y) / 14, 0, 1) * np.clip((70 - canvas.z) / 25, 0, 1)
    jaw *= 1 - np.exp(-((canvas.side / 9) ** 2) - ((canvas.y - 80) / 4) ** 2) * 0.4
    jaw *= 1 - np.minimum(canvas.lips * 1.5, 1)
    cheeks = np.clip((canvas.y - 40 - 0.5 * np.maximum(canvas.z - 10, 0)) / 30, 0, 1)
    dots = 0.65 + 0.35 * grain.noise(_SHAPE, (330, 430), rng, 1)
    amount = np.clip(jaw * np.maximum(cheeks, 0.35) * dots, 0, 1) * min(who.stubble, 0.8)
    canvas.cover(amount.astype(np.float32), _darkened(who.hair, 0.9))


def _scalp(canvas: Canvas, who: Identity, rng: np.random.Generator) -> None:
    """Darken the skin where hair grows, so that none shines through at the hairline."""
    grown = {HairStyle.BALD: 0.22, HairStyle.CROPPED: 0.75}.get(who.style, 0.92)
    inside = above_hairline(canvas.x, canvas.y, canvas.z)
    if who.style is HairStyle.BALD:  # a wreath of short hair is left
        inside = np.minimum(inside, (canvas.y + 40) - 0.2 * np.maximum(60 - canvas.z, 0))
    ragged = 5 * grain.noise(_SHAPE, (60, 240), rng, 2)
    amount = np.clip((inside + ragged + 1) / 7, 0, 1) * grown
    hairs = 0.75 + 0.25 * grain.noise(_SHAPE, (120, 420), rng, 2)
    canvas.cover((amount * np.clip(hairs, 0, 1)).astype(np.float32), _darkened(who.hair, 0.9))


def above_hairline(x: Float32, y: Float32, z: Float32) -> Float32:
    """Return how many millimetres inside the hair's border a place on the head is."""
    side = np.abs(x)
    front = np.minimum(-78 + 0.10 * side + 1.25 * np.maximum(z - 4, 0), 12)  # then the temples
    over_ear = np.where((z > 70) & (z < 106), -22, front)
    return np.asarray(np.where(z >= 106, 72, over_ear) - y, np.float32)


def _darkened(rgb: RGB, by: float) -> RGB:
    return rgb[0] * by, rgb[1] * by, rgb[2] * by
