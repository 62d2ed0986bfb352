"""The Kinect v2's infrared picture: its own light thrown back, fainter with distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.compiled import compiled
from capture.sim.sensors import pools

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]

AT_A_METRE: Final = 24_000.0  # counts of a white surface
READ: Final = 30.0  # counts
SLOPE: Final = 6.0  # counts: 2.2 % of noise on a face at a metre
_CORNER: Final = 0.35  # by how much the lamp is weaker in the picture's corners
_MOST: Final = 65_535.0


def sigma(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the deviation of a pixel that has this many counts on average."""
    return np.sqrt(READ**2 + SLOPE * np.asarray(counts, np.float64))


class InfraredSensor:
    """Takes infrared pictures: light from beside the lens, so there are no shadows."""

    def __init__(self, seed: int, width_px: int, height_px: int) -> None:
        self._seed = seed
        self._columns = _bowl(width_px)
        self._rows = _bowl(height_px) * np.float32(AT_A_METRE * 1e6)

    def take(
        self, reflectance: Float32, z_mm: Float32 | None, number: int
    ) -> npt.NDArray[np.uint16]:
        """Return frame `number` of this view; without depth all is a metre away."""
        taken = np.empty(reflectance.shape, np.uint16)
        _gather(
            np.ascontiguousarray(reflectance),
            np.full_like(reflectance, 1000.0) if z_mm is None else np.ascontiguousarray(z_mm),
            self._columns,
            self._rows,
            pools.gaussian(),
            pools.places(self._seed, "ir", number, reflectance.shape[0]),
            taken,
        )
        return taken


def _bowl(count: int) -> Float32:
    along = np.linspace(-1.0, 1.0, count)
    return (1.0 - _CORNER / 2.0 * along**2).astype(np.float32)


@compiled
def _gather(
    reflectance: Float32,
    z: Float32,
    columns: Float32,
    rows: Float32,
    pool: npt.NDArray[np.int8],
    places: npt.NDArray[np.int64],
    taken: npt.NDArray[np.uint16],
) -> None:
    height, width = z.shape
    read = np.float32(READ**2 / 1024.0)  # the pool's deviation is 32
    slope = np.float32(SLOPE / 1024.0)
    for y in range(height):
        row = rows[y]
        bright, far, target = reflectance[y], z[y], taken[y]
        noise = pool[places[y] : places[y] + width]
        for x in range(width):
            counts = bright[x] * (columns[x] * row) / (far[x] * far[x])
            counts += np.float32(noise[x]) * np.sqrt(read + slope * counts) + np.float32(0.5)
            target[x] = np.uint16(min(max(counts, np.float32(0)), np.float32(_MOST)))
