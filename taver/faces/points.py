"""Which of the 68 points is what, in iBUG's order, and where they lie on the mean face.

The mean face is the average of forty invented people of the simulated rig, made symmetric. Its
frame is the rig's head frame: origin between the eyes, x to the picture's right for who looks into
the camera, y down, z into the head, in millimetres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

COUNT: Final = 68
JAW: Final = tuple(range(17))
BROWS: Final = tuple(range(17, 27))
NOSE: Final = tuple(range(27, 36))
LEFT_EYE: Final = tuple(range(36, 42))  # on the picture's left: the person's right eye
RIGHT_EYE: Final = tuple(range(42, 48))
MOUTH: Final = tuple(range(48, 68))
INNER: Final = tuple(range(17, 68))
# Those that expression hardly moves: the nose's ridge and base, and the corners of the eyes.
RIGID: Final = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)

# What each point becomes in a mirrored picture.
MIRRORED: Final = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip

_MM: Final = (
    (-69.6, -1.2, 51.9), (-70.1, 17.4, 56.4), (-67.6, 37.6, 55.1), (-62.9, 54.2, 34.9),
    (-57.8, 72.3, 27.8), (-48.4, 87.3, 18.5), (-34.0, 99.5, 5.2), (-17.9, 108.2, -3.3),
    (0.0, 110.4, -9.5), (17.9, 108.2, -3.3), (34.0, 99.5, 5.2), (48.4, 87.3, 18.5),
    (57.8, 72.3, 27.8), (62.9, 54.2, 34.9), (67.6, 37.6, 55.1), (70.1, 17.4, 56.4),
    (69.6, -1.2, 51.9), (-54.8, -18.9, 2.6), (-44.6, -24.3, -11.3), (-33.2, -25.5, -19.8),
    (-21.8, -23.0, -24.4), (-11.5, -18.0, -25.8), (11.5, -18.0, -25.8), (21.8, -23.0, -24.4),
    (33.2, -25.5, -19.8), (44.6, -24.3, -11.3), (54.8, -18.9, 2.6), (0.0, -0.1, -23.4),
    (0.0, 12.8, -28.1), (0.0, 24.8, -35.2), (0.0, 36.5, -42.5), (-11.7, 43.3, -26.4),
    (-6.8, 45.5, -28.9), (0.0, 47.6, -31.7), (6.8, 45.5, -28.9), (11.7, 43.3, -26.4),
    (-41.2, 1.3, -9.6), (-33.7, -5.0, -16.7), (-24.0, -3.5, -17.0), (-17.7, 3.5, -12.8),
    (-25.6, 5.8, -14.9), (-34.2, 5.6, -14.0), (17.7, 3.5, -12.8), (24.0, -3.5, -17.0),
    (33.7, -5.0, -16.7), (41.2, 1.3, -9.6), (34.2, 5.6, -14.0), (25.6, 5.8, -14.9),
    (-22.1, 67.5, -19.5), (-14.7, 60.9, -28.8), (-6.3, 57.6, -32.7), (0.0, 59.2, -34.2),
    (6.3, 57.6, -32.7), (14.7, 60.9, -28.8), (22.1, 67.5, -19.5), (15.0, 75.5, -24.9),
    (6.8, 78.7, -27.4), (0.0, 79.2, -28.1), (-6.8, 78.7, -27.4), (-15.0, 75.5, -24.9),
    (-17.9, 67.8, -21.7), (-6.4, 66.3, -28.0), (0.0, 66.7, -29.1), (6.4, 66.3, -28.0),
    (17.9, 67.8, -21.7), (6.3, 67.8, -27.1), (0.0, 68.4, -28.9), (-6.3, 67.8, -27.1),
)  # fmt: skip


def mean_mm() -> Floats:
    """Return the mean face, 68 points of three coordinates."""
    return np.array(_MM)


def eye_distance(landmarks: Floats) -> Floats:
    """Return how far apart the middles of the eyes are, for any number of faces (..., 68, 2)."""
    left = landmarks[..., LEFT_EYE, :].mean(axis=-2)
    right = landmarks[..., RIGHT_EYE, :].mean(axis=-2)
    return np.asarray(np.linalg.norm(right - left, axis=-1))


def box_of(landmarks: Floats) -> Floats:
    """Return left, top, right and bottom of the points, for any number of faces."""
    return np.concatenate([landmarks.min(axis=-2), landmarks.max(axis=-2)], axis=-1)
