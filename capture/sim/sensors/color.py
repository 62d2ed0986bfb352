"""The Kinect v2's colour camera: exposure, white balance, darker corners and shot noise.

The variance of a grey level v is read² + slope v: a constant part of the electronics and one of
the light itself (Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for
single-image raw-data", 2008), both amplified with the gain that dim light asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.compiled import compiled
from capture.sim.sensors import pools
from capture.sim.sensors.exposure import AutoExposure, Exposure

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Picture = npt.NDArray[np.uint8]

READ: Final = 1.1  # grey levels
SLOPE: Final = 0.022  # grey levels: a bright pixel of 200 has 2.1 of shot noise
WHITE_BALANCE: Final = (1.015, 1.0, 0.985)  # fixed when the session starts, never quite right
_CORNER: Final = 0.06  # by how much a picture's corner is darker than its middle


def sigma(level: npt.ArrayLike, gain: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the deviation of a grey level before it is rounded."""
    return np.sqrt(gain * READ**2 + gain * SLOPE * np.asarray(level, np.float64))


class ColorSensor:
    """Takes colour pictures; they are given in the order taken, for the exposure's sake."""

    def __init__(self, seed: int, width_px: int, height_px: int) -> None:
        self._seed = seed
        self._exposure = AutoExposure()
        self._columns = np.outer(_bowl(width_px), WHITE_BALANCE).astype(np.float32).ravel()
        self._rows = _bowl(height_px)

    def take(
        self, ideal: Picture, light: float, number: int, t_ns: int
    ) -> tuple[Picture, Exposure]:
        """Return the picture as this camera sends it, and how it was exposed."""
        exposure = self._exposure.see(ideal, light, t_ns)
        height, width, channels = ideal.shape
        taken = np.empty_like(ideal)
        per_count = exposure.gain / pools.SIGMA**2
        _expose(
            np.ascontiguousarray(ideal).reshape(height, width * channels),
            pools.gaussian(),
            pools.places(self._seed, "color", number, height),
            self._columns,
            (self._rows * exposure.level).astype(np.float32),
            np.float32(per_count * READ**2),
            np.float32(per_count * SLOPE),
            taken.reshape(height, width * channels),
        )
        return taken, exposure


def _bowl(count: int) -> npt.NDArray[np.float64]:
    """Return a lens's share of light along one side; rows times columns darken the corners."""
    along = np.linspace(-1.0, 1.0, count)
    return np.asarray(1.0 - _CORNER / 2.0 * along**2)


@compiled
def _expose(
    ideal: Picture,
    pool: npt.NDArray[np.int8],
    places: npt.NDArray[np.int64],
    columns: Float32,
    rows: Float32,
    read: np.float32,
    slope: np.float32,
    taken: Picture,
) -> None:
    height, width = ideal.shape
    for y in range(height):
        row = rows[y]
        # Views that start at 0 spare the check for negative places, and with it the loop becomes
        # vector instructions: a quarter of the time.
        noise = pool[places[y] : places[y] + width]
        source = ideal[y]
        target = taken[y]
        for x in range(width):
            level = np.float32(source[x]) * (columns[x] * row)
            level += np.float32(noise[x]) * np.sqrt(read + slope * level) + np.float32(0.5)
            target[x] = np.uint8(min(max(level, np.float32(0)), np.float32(255)))
