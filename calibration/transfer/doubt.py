"""How far off a transferred point may be: the depth's noise and the calibration's covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Uncertainty
    from calibration.transfer.chain import Chain

    Floats = npt.NDArray[np.float64]

_COLUMNS, _ROWS = 9, 7  # of the table over the picture
_NEAREST_MM, _FARTHEST_MM = 500.0, 5000.0
_INVERSE_DEPTHS: Final = np.linspace(1 / _NEAREST_MM, 1 / _FARTHEST_MM, 6)  # the way parallax goes
_AVERAGED: Final = 0.67  # of one pixel's noise is left between four, by linear interpolation
_STEP_SIGMAS: Final = 0.1


@compiled
def depth_sigma_mm(z_mm: float) -> float:
    """Return one standard deviation of a Kinect v2's interpolated depth on an even surface.

    The axial noise is 1.5 - 0.5 z + 0.3 z² mm with z in metres (the form of Nguyen, Izadi and
    Lovell, 2012, with the coefficients that the simulated rig uses).
    """
    z_m = z_mm / 1000.0
    return _AVERAGED * (1.5 - 0.5 * z_m + 0.3 * (z_m * z_m))


@compiled
def apart(near: Floats, far: Floats, sigma_mm: Floats, sigma_px: Floats) -> None:
    """Write how far the pixels are apart, a millimetre, times the deviation, a coordinate."""
    for i in range(sigma_px.shape[0]):
        x, y = far[i, 0] - near[i, 0], far[i, 1] - near[i, 1]
        sigma_px[i] = np.sqrt(x * x + y * y) * sigma_mm[i] / np.sqrt(2.0)


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
        self.variance = _grown(variance.reshape(w.shape))
        self.scale = np.array([1 / x[1], 1 / y[1]])


def _grown(variance: Floats) -> Floats:
    """Return the table without gaps: where the target sees nothing, its largest neighbour's value.

    Nobody asks for a point in there, but for one between such a node and one that is seen.
    """
    full = variance.copy()
    while np.isnan(full).any() and not np.isnan(full).all():
        around = np.pad(full, 1, constant_values=np.nan)
        beside = np.full_like(full, -np.inf)
        for axis in range(full.ndim):
            for shift in (1, -1):
                moved = np.roll(around, shift, axis=axis)[1:-1, 1:-1, 1:-1]
                beside = np.fmax(beside, moved)
        full = np.where(np.isnan(full) & np.isfinite(beside), beside, full)
    return np.nan_to_num(full)


@compiled
def between(
    variance: Floats, pixels: Floats, z_mm: Floats, scale: Floats, sigma_px: Floats
) -> None:
    """Write the root of the table at each point, linear between its nodes; its ends go on."""
    deepest = variance.shape[0] - 1
    nearest, farthest = 1.0 / _NEAREST_MM, 1.0 / _FARTHEST_MM
    for i in range(z_mm.shape[0]):
        deep = (nearest - 1.0 / z_mm[i]) / (nearest - farthest) * deepest
        w, far = _place(deep, deepest)
        v, down = _place(pixels[i, 1] * scale[1], variance.shape[1] - 1)
        u, right = _place(pixels[i, 0] * scale[0], variance.shape[2] - 1)
        total = 0.0
        for a, by_depth in ((0, 1.0 - far), (1, far)):
            for b, by_row in ((0, 1.0 - down), (1, down)):
                for c, by_column in ((0, 1.0 - right), (1, right)):
                    total += by_depth * by_row * by_column * variance[w + a, v + b, u + c]
        sigma_px[i] = np.sqrt(max(total, 0.0))


@compiled
def _place(at: float, last: int) -> tuple[int, float]:
    """Return the node before a place and how far beyond it the place is; NaN is at the start."""
    kept = min(max(at, 0.0), float(last)) if np.isfinite(at) else 0.0
    node = min(int(kept), last - 1)
    return node, kept - node
