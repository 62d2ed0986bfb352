"""How far off a transferred point may be: the depth's noise and the calibration's covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Uncertainty
    from calibration.transfer.chain import Chain

    Floats = npt.NDArray[np.float64]

_COLUMNS, _ROWS = 9, 7  # of the table over the picture
_INVERSE_DEPTHS: Final = np.linspace(1 / 500.0, 1 / 5000.0, 6)  # per mm: the way parallax goes
_AVERAGED: Final = 0.67  # of one pixel's noise is left between four, by linear interpolation
_STEP_SIGMAS: Final = 0.1


def depth_sigma_mm(z_mm: Floats) -> Floats:
    """Return one standard deviation of a Kinect v2's interpolated depth on an even surface.

    The axial noise is 1.5 - 0.5 z + 0.3 z² mm with z in metres (the form of Nguyen, Izadi and
    Lovell, 2012, with the coefficients that the simulated rig uses).
    """
    z_m = z_mm / 1000.0
    return np.asarray(_AVERAGED * (1.5 - 0.5 * z_m + 0.3 * z_m**2))


def by_depth(chain: Chain, pixels: Floats, z_mm: Floats, sigma_mm: Floats) -> Floats:
    """Return what this deviation of the depth does to the target's pixels, a coordinate."""
    near = chain.seen(chain.points(pixels, z_mm - 0.5))
    far = chain.seen(chain.points(pixels, z_mm + 0.5))
    return np.asarray(np.linalg.norm(far - near, axis=1) * sigma_mm / np.sqrt(2.0))


class Table:
    """The calibration's part, which changes slowly over the picture, worked out once.

    Its pixels are those of the colour picture as recorded: what the lens is taken for moves a point
    in the undistorted picture, too.
    """

    def __init__(self, chain: Chain, uncertainty: Uncertainty) -> None:
        x = np.linspace(0, chain.color.width_px - 1, _COLUMNS)
        y = np.linspace(0, chain.color.height_px - 1, _ROWS)
        w, v, u = np.meshgrid(_INVERSE_DEPTHS, y, x, indexing="ij")
        pixels, z_mm = np.stack([u.ravel(), v.ravel()], axis=-1), 1.0 / w.ravel()
        middle = chain.found(pixels, chain, z_mm)
        slopes, used = [], []
        for at, name in enumerate(uncertainty.parameters):
            step = _STEP_SIGMAS * uncertainty.sigma[name]
            varied = chain.varied(name, step) if step > 0 else None
            if varied is not None:
                slopes.append((varied.found(pixels, chain, z_mm) - middle) / step)
                used.append(at)
        slope = np.array(slopes).reshape(len(used), pixels.size)
        covariance = uncertainty.matrix[np.ix_(used, used)]
        variance = np.einsum("pi,pq,qi->i", slope, covariance, slope).reshape(-1, 2).mean(axis=1)
        # Where the target sees nothing, nothing is asked either.
        self._variance = np.nan_to_num(variance).reshape(w.shape)
        self._scale = np.array([1 / x[1], 1 / y[1]])

    def sigma_px(self, pixels: Floats, z_mm: Floats) -> Floats:
        """Return one standard deviation of a coordinate in the target."""
        inverse = np.clip(1.0 / z_mm, _INVERSE_DEPTHS[-1], _INVERSE_DEPTHS[0])
        span = _INVERSE_DEPTHS[0] - _INVERSE_DEPTHS[-1]
        deep = (_INVERSE_DEPTHS[0] - inverse) / span * (len(_INVERSE_DEPTHS) - 1)
        place = np.stack([deep, *(pixels * self._scale).T[::-1]])
        limits = np.array(self._variance.shape)[:, None] - 1
        place = np.clip(np.nan_to_num(place), 0, limits)
        first = np.minimum(place.astype(np.int64), limits - 1)
        part = place - first
        total = np.zeros(len(z_mm))
        for corner in np.ndindex(2, 2, 2):
            weight = np.ones(len(z_mm))
            for axis, far in enumerate(corner):
                weight = weight * (part[axis] if far else 1.0 - part[axis])
            at = first + np.array(corner)[:, None]
            total += weight * self._variance[tuple(at)]
        return np.asarray(np.sqrt(np.maximum(total, 0.0)))
