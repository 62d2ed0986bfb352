"""The A65's thermal camera: blur, noise, columns, slow drift, and the shutter that takes it back.

In its high-resolution linear mode a count is 0.04 K and kelvin = 0.04 x count, in 14 bits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import noise
from capture.sim.compiled import compiled
from capture.sim.sensors import pools
from taver.core.clock import NS_PER_S
from taver.core.frames import FrameStatus

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.sensors.shutter import Shutter

    Float32 = npt.NDArray[np.float32]
    Counts = npt.NDArray[np.uint16]

KELVIN_PER_COUNT: Final = 0.04
_MOST: Final = 16_383.0
BLUR_PX: Final = 0.6
PIXEL_K: Final = 0.034  # noise of one pixel from frame to frame ...
COLUMN_K: Final = 0.010  # ... and of a whole column: 35 mK together, below the A65's 50
_PATTERN_K: Final = 0.020  # columns that stay until the next correction, when fully drifted
_DRIFT_K: Final = 0.35  # of the whole picture, when fully drifted
_BOWL_K: Final = 0.15  # of its corners against its middle
_DRIFTING_S: Final = 150.0
_BESIDE: Final = BLUR_PX**2 / 2.0  # three weights a, 1 - 2 a, a have the variance 2 a


def drift_k(seed: int, shutter_number: int, since_s: float) -> float:
    """Return by how much the middle of the picture is told too warm."""
    most_k = _DRIFT_K * (2.0 * noise.chance(noise.key(seed, "drift", shutter_number), 0) - 1.0)
    return most_k * _drifted(since_s)


class ThermalSensor:
    """Takes thermal pictures; while the shutter is closed it repeats the last one.

    Everything but that repeated picture is a function of the seed, the number and the time.
    """

    def __init__(self, seed: int, width_px: int, height_px: int, shutter: Shutter) -> None:
        self._seed = seed
        self._size = (height_px, width_px)
        self._shutter = shutter
        self._held: Counts | None = None

    def take(self, ideal_k: Float32, number: int, t_ns: int) -> tuple[Counts, FrameStatus]:
        """Return frame `number` of this view, and whether it is a repeated one."""
        event = self._shutter.last_before(t_ns)
        if t_ns < event.opened_ns and self._held is not None:
            return self._held.copy(), FrameStatus.FROZEN
        columns, rows = self._offsets_k(number, event.number, t_ns - event.opened_ns)
        taken = np.empty(self._size, np.uint16)
        _heat(
            np.ascontiguousarray(ideal_k),
            columns,
            rows,
            pools.gaussian(),
            pools.places(self._seed, "thermal", number, self._size[0]),
            taken,
        )
        self._held = taken
        return taken, FrameStatus.OK

    def _offsets_k(self, number: int, shutter: int, since_ns: int) -> tuple[Float32, Float32]:
        """Return what is added to each column and to each row."""
        height, width = self._size
        since_s = max(since_ns, 0) / NS_PER_S
        x, y = np.linspace(-1.0, 1.0, width), np.linspace(-1.0, 1.0, height)
        bowl = _BOWL_K * _drifted(since_s) / 2.0
        stays = noise.normal(noise.key(self._seed, "columns", shutter), np.arange(width))
        passes = noise.normal(noise.key(self._seed, "column", number), np.arange(width))
        columns = (
            _PATTERN_K * _drifted(since_s) * stays
            + COLUMN_K * passes
            + drift_k(self._seed, shutter, since_s)
            + bowl * x**2
        )
        return columns.astype(np.float32), (bowl * y**2).astype(np.float32)


def _drifted(since_s: float) -> float:
    return -math.expm1(-since_s / _DRIFTING_S)


@compiled
def _heat(
    ideal: Float32,
    columns: Float32,
    rows: Float32,
    pool: npt.NDArray[np.int8],
    places: npt.NDArray[np.int64],
    taken: Counts,
) -> None:
    height, width = ideal.shape
    beside = np.float32(_BESIDE)
    middle = np.float32(1.0 - 2.0 * _BESIDE)
    per_kelvin = np.float32(1.0 / KELVIN_PER_COUNT)
    noisy = np.float32(PIXEL_K / 32.0)  # the pool's deviation
    blurred = np.empty(width + 2, np.float32)
    for y in range(height):
        above, here, below = ideal[max(y - 1, 0)], ideal[y], ideal[min(y + 1, height - 1)]
        for x in range(width):
            blurred[x + 1] = here[x] * middle + (above[x] + below[x]) * beside
        blurred[0] = blurred[1]
        blurred[width + 1] = blurred[width]
        left, centre, right = blurred[:width], blurred[1:], blurred[2:]
        row, target = rows[y], taken[y]
        noise_here = pool[places[y] : places[y] + width]
        for x in range(width):
            kelvin = centre[x] * middle + (left[x] + right[x]) * beside
            kelvin += np.float32(noise_here[x]) * noisy + (columns[x] + row)
            counts = kelvin * per_kelvin + np.float32(0.5)
            target[x] = np.uint16(min(max(counts, np.float32(0)), np.float32(_MOST)))
