"""Draws the test pattern: a disc that wanders, and the frame's number as a row of bars.

The number can be read back from any modality, so that a test knows which frame it got.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.frames import Modality

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.frames import Pixels

# What the real sensors deliver: Kinect v2 and FLIR A65.
_FULL_SIZE_PX: Final = {
    Modality.COLOR: (1920, 1080),
    Modality.DEPTH: (512, 424),
    Modality.IR: (512, 424),
    Modality.THERMAL: (640, 512),
}
# The disc, what is behind it at the top and at the bottom, and the bars for a set bit.
_COUNTS: Final = {
    Modality.DEPTH: (1_000, 2_400, 1_800, 700),
    Modality.IR: (9_000, 1_200, 2_400, 20_000),
    Modality.THERMAL: (7_690, 7_370, 7_400, 7_800),  # 34.5, 21.7, 22.9 and 38.9 degrees Celsius
}
_BARS_RGB: Final = np.array(
    [
        (70, 74, 82),
        (96, 92, 78),
        (70, 94, 96),
        (72, 92, 74),
        (98, 76, 94),
        (98, 74, 70),
        (68, 72, 98),
    ],
    np.uint8,
)
_DISC_RGB: Final = (226, 178, 148)
BITS: Final = 16
_STRIP: Final = 16  # the bars take one part in so many of the height


def size_px(modality: Modality, scale: float = 1.0) -> tuple[int, int]:
    """Return width and height of the sensor's picture, made smaller by `scale`."""
    width_px, height_px = _FULL_SIZE_PX[modality]
    return max(BITS, round(width_px * scale)), max(BITS, round(height_px * scale))


def draw(modality: Modality, number: int, scale: float = 1.0) -> Pixels:
    """Draw frame `number` of `modality`."""
    width_px, height_px = size_px(modality, scale)
    disc = _disc(width_px, height_px, number)
    if modality is Modality.COLOR:
        bars = _BARS_RGB[np.arange(width_px) * len(_BARS_RGB) // width_px]
        color = np.broadcast_to(bars, (height_px, width_px, 3)).copy()
        color[disc] = _DISC_RGB
        color[-(height_px // _STRIP) :] = _bits(width_px, number)[:, None] * np.uint8(255)
        return color
    near, top, bottom, high = _COUNTS[modality]
    counts = np.empty((height_px, width_px), np.uint16)
    counts[:] = np.linspace(top, bottom, height_px).astype(np.uint16)[:, None]
    counts[disc] = near
    counts[-(height_px // _STRIP) :] = np.where(_bits(width_px, number), high, top)
    return counts


def number_in(modality: Modality, pixels: Pixels) -> int:
    """Read back the number that a frame was drawn with, modulo 65,536."""
    height_px, width_px = pixels.shape[:2]
    row = pixels[height_px - height_px // (2 * _STRIP) - 1].reshape(width_px, -1)[:, 0]
    place = _place(width_px)
    middles = [int(np.median(np.flatnonzero(place == bit))) for bit in range(BITS)]
    centres = row[middles].astype(int)
    _, unset, _, high = _COUNTS.get(modality, (0, 0, 0, 255))
    is_set = np.abs(centres - high) < np.abs(centres - unset)
    return int(sum(1 << place for place, bit in enumerate(is_set) if bit))


def _disc(width_px: int, height_px: int, number: int) -> npt.NDArray[np.bool_]:
    angle = number * 0.11
    x = width_px * (0.5 + 0.22 * math.cos(angle))
    y = height_px * (0.46 + 0.14 * math.sin(2 * angle))
    radius = 0.24 * height_px
    rows, columns = np.ogrid[:height_px, :width_px]
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 < radius**2)


def _bits(width_px: int, number: int) -> npt.NDArray[np.bool_]:
    return np.asarray((number >> _place(width_px)) & 1 == 1)


def _place(width_px: int) -> npt.NDArray[np.int64]:
    """Return which bit each column of the picture shows."""
    return np.arange(width_px) * BITS // width_px
