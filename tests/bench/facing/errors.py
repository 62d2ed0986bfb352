"""How far points and crops are off the truth, what is the same in every frame taken out.

Where on a cheek a point lies is a convention; that a model has another one than the rig is no
tremble and no drift. So what is off in every frame alike, in the face's own axes, is no error here.
"""

from __future__ import annotations

import numpy as np

from taver.faces import similarity
from taver.faces.align import matrix

INNER = slice(17, 68)


def unbiased(points, truth):
    """Return the errors (frames, 68, 2) in pixels, without their mean in the face's own axes."""
    across = truth[:, 42:48].mean(axis=1) - truth[:, 36:42].mean(axis=1)
    down = np.stack([-across[:, 1], across[:, 0]], axis=-1)
    axes = np.stack([across, down], axis=-2)  # as long as the eyes are apart
    size = (across**2).sum(axis=-1)[:, None, None]
    own = (points - truth) @ np.swapaxes(axes, -1, -2) / size
    own -= own.mean(axis=0)
    return own @ axes


def rmse_px(points, truth):
    """Return the root mean square error of a coordinate of the inner points."""
    return float(np.sqrt((unbiased(points, truth)[:, INNER] ** 2).mean()))


def crop_px(points, truth, alignment="rigid"):
    """Return how far the face lies off in a 96 px crop, as a mean over its points."""
    placed = similarity.apply(matrix(points, alignment), truth)
    wanted = similarity.apply(matrix(truth, alignment), truth)
    off = placed - wanted
    return float(np.linalg.norm(off - off.mean(axis=0), axis=-1).mean())


def tremble_px(points):
    """Return how much a coordinate of a face that is held still goes to and fro."""
    return float(np.sqrt(points.var(axis=0, ddof=1).mean()))
