"""How far off a point may land that is carried from one camera to another, over the picture.

To first order: the slopes of the transfer by every parameter, and their covariance (the idea of
mrcal's projection uncertainty, here for a transfer at a given distance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.lens import directions, projected
from calibration.solve.state import moved

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.solve.joint import Result
    from calibration.solve.state import State

    Floats = npt.NDArray[np.float64]

_STEPS: Final = {"px": 1e-2, "mm": 1e-2, "rad": 1e-6}
_COLUMNS: Final = 12


def transfer_map(
    result: Result, camera: str, other: str, depth_mm: float, columns: int = _COLUMNS
) -> Floats:
    """Return one deviation in pixels of `other`, on a grid over `camera`; NaN where it is unseen.

    The larger axis of the error's ellipse. What is uncertain is the calibration alone, not where
    the point was seen, nor its depth.
    """
    solution = result.solution
    width, height = result.observations.sizes_px[camera]
    rows = max(round(columns * height / width), 2)
    v, u = np.mgrid[:rows, :columns].reshape(2, -1) + 0.5
    pixels = np.column_stack([u * width / columns, v * height / rows]) - 0.5
    state, layout = solution.state, solution.layout
    middle = _carried(state, camera, other, pixels, depth_mm)
    names = np.flatnonzero(solution.free)
    slopes = np.empty((len(pixels), 2, len(names)))
    views = np.zeros((len(state.board_rotations), 6))
    for place, at in enumerate(names):
        step = np.zeros(len(solution.free))
        step[at] = _STEPS.get(layout.names[at].rsplit("_", 1)[-1], 1e-4)
        changed = _carried(moved(state, layout, step, views), camera, other, pixels, depth_mm)
        slopes[:, :, place] = (changed - middle) / step[at]
    covariance = result.covariance.shared[np.ix_(names, names)]
    spread = np.einsum("nip,pq,njq->nij", slopes, covariance, slopes)
    sigma = np.sqrt(np.maximum(np.linalg.eigvalsh(spread)[:, -1], 0.0))
    wide, tall = result.observations.sizes_px[other]
    outside = ((middle < -0.5) | (middle >= (wide - 0.5, tall - 0.5))).any(axis=1)
    sigma[outside] = np.nan
    return np.asarray(sigma.reshape(rows, columns))


def _carried(state: State, camera: str, other: str, pixels: Floats, depth_mm: float) -> Floats:
    rays = directions(state.lenses[camera], pixels)
    points = np.column_stack([rays, np.ones(len(rays))]) * depth_mm
    world = (points - state.translations_mm[camera]) @ state.rotations[camera]
    there = world @ state.rotations[other].T + state.translations_mm[other]
    return projected(state.lenses[other], there)[0]
