"""The Kinect v2's depth: noise by distance, slope and darkness, flying pixels, holes, the shift.

A time of flight is told per pixel. Its noise grows with the distance and with the slope of the
surface (after Nguyen, Izadi and Lovell, "Modeling Kinect sensor noise for improved 3D
reconstruction and tracking", 2012, whose angle term θ²/(π/2-θ)² is here tan²θ: within a factor of
two up to 85 degrees, without an arc tangent). Where a pixel sees an edge it mixes both sides, or
gives up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.compiled import compiled
from capture.sim.sensors import pools

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]

NEAREST_MM: Final = 500.0
FARTHEST_MM: Final = 4500.0
EDGE: Final = 0.09  # neighbours farther apart than this share of their distance are an edge
FLYING: Final = 0.35  # of the pixels at an edge
LOST: Final = 0.3  # of the pixels at an edge
WEAKEST: Final = 0.01  # reflectance over metres², below which half the pixels fail
_DARK: Final = 0.3  # reflectance below which there is more noise
_WORST_MM: Final = 30.0
_SMOOTHEST: Final = 0.15  # mm at a metre and 45 degrees


def sigma_mm(z_mm: float, slope_deg: float = 0.0, reflectance: float = 1.0) -> float:
    """Return the deviation of one pixel on an even surface, before it is rounded."""
    z_m = z_mm / 1000.0
    steep = float(np.tan(np.radians(slope_deg))) ** 2
    noise = 1.5 - 0.5 * z_m + 0.3 * z_m**2 + _SMOOTHEST * z_m**1.5 * steep
    darker = float(np.sqrt(max(_DARK / max(reflectance, 1e-3), 1.0)))
    return float(min(noise * darker, _WORST_MM))


class DepthSensor:
    """Measures depth in millimetres; 0 is what the sensor itself gives for nothing measured."""

    def __init__(self, seed: int, focal_px: float, shift_mm: float) -> None:
        self._seed = seed
        self._focal_px = np.float32(focal_px)
        self._shift_mm = np.float32(shift_mm)

    def take(
        self, z_mm: Float32, reflectance: Float32 | None, number: int
    ) -> npt.NDArray[np.uint16]:
        """Return frame `number` of this view; without `reflectance`, nothing is too dark."""
        height = z_mm.shape[0]
        bright = np.ones_like(z_mm) if reflectance is None else reflectance
        told = np.empty(z_mm.shape, np.uint16)
        _measure(
            np.ascontiguousarray(z_mm),
            np.ascontiguousarray(bright),
            pools.gaussian(),
            pools.places(self._seed, "depth", number, height),
            pools.uniform(),
            pools.places(self._seed, "depth mixed", number, height),
            pools.places(self._seed, "depth lost", number, height),
            self._focal_px,
            self._shift_mm,
            told,
        )
        return told


@compiled
def _measure(
    z: Float32,
    reflectance: Float32,
    normal: npt.NDArray[np.int8],
    normal_at: npt.NDArray[np.int64],
    even: npt.NDArray[np.uint8],
    mixed_at: npt.NDArray[np.int64],
    lost_at: npt.NDArray[np.int64],
    focal_px: np.float32,
    shift_mm: np.float32,
    told: npt.NDArray[np.uint16],
) -> None:
    height, width = z.shape
    nearest = np.empty(width + 2, np.float32)  # of three rows; a column more on either side
    farthest = np.empty(width + 2, np.float32)
    middle = np.empty(width + 2, np.float32)
    one = np.float32(1.0)
    nothing = np.float32(0.0)
    for y in range(height):
        above, here, below = z[max(y - 1, 0)], z[y], z[min(y + 1, height - 1)]
        for x in range(width):
            nearest[x + 1] = min(min(above[x], here[x]), below[x])  # noqa: PLW3301 - numba's two
            farthest[x + 1] = max(max(above[x], here[x]), below[x])  # noqa: PLW3301
            middle[x + 1] = here[x]
        for row in (nearest, farthest, middle):
            row[0] = row[1]
            row[width + 1] = row[width]
        left_near, own_near, right_near = nearest[:width], nearest[1:], nearest[2:]
        left_far, own_far, right_far = farthest[:width], farthest[1:], farthest[2:]
        left, right = middle[:width], middle[2:]
        bright = reflectance[y]
        noise = normal[normal_at[y] : normal_at[y] + width]
        mixed = even[mixed_at[y] : mixed_at[y] + width]
        lost = even[lost_at[y] : lost_at[y] + width]
        row_told = told[y]
        for x in range(width):
            at = here[x]
            near = min(min(left_near[x], own_near[x]), right_near[x])  # noqa: PLW3301
            far = max(max(left_far[x], own_far[x]), right_far[x])  # noqa: PLW3301
            edge = far - near > np.float32(EDGE) * at
            across = (right[x] - left[x]) * np.float32(0.5)
            down = (below[x] - above[x]) * np.float32(0.5)
            scale = focal_px / at
            steep = nothing if edge else (across * across + down * down) * (scale * scale)
            z_m = at * np.float32(1e-3)
            sigma = np.float32(1.5) + z_m * (np.float32(0.3) * z_m - np.float32(0.5))
            sigma += np.float32(_SMOOTHEST) * z_m * np.sqrt(z_m) * steep
            seen = max(bright[x], np.float32(1e-3))
            sigma *= np.sqrt(max(np.float32(_DARK) / seen, one))
            sigma = min(sigma, np.float32(_WORST_MM))
            chance = np.float32(mixed[x]) * np.float32(1.0 / (256.0 * FLYING))
            place = near + (far - near) * chance if edge and chance < one else at
            value = place - shift_mm + np.float32(noise[x]) * (sigma * np.float32(1.0 / 32.0))
            luck = np.float32(lost[x]) * np.float32(1.0 / 256.0)
            weak = seen / (z_m * z_m) < np.float32(WEAKEST) * (np.float32(0.5) + luck)
            gone = (edge and luck < np.float32(LOST)) or weak
            gone = gone or value < np.float32(NEAREST_MM) or value > np.float32(FARTHEST_MM)
            row_told[x] = np.uint16(0) if gone else np.uint16(value + np.float32(0.5))
