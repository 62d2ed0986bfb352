"""Places points on a face in its own frame, turned upright; and cuts chips of it for the judge.

A detector's box is whole pixels and jumps by them, and the predictor's points jump with it. Given
the similarity of where the points were a frame ago, the predictor sees the face always the same
way: to fractions of a pixel, and upright whatever the roll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.extras import need
from taver.faces import similarity
from taver.faces.align import template
from taver.faces.identity import PORTRAIT_PX
from taver.faces.points import COUNT, MIRRORED, box_of

if TYPE_CHECKING:
    from taver.faces.finder import Grey, Judge, Predictor
    from taver.faces.points import Floats
    from taver.faces.view import Box, Patch, View

JUDGED_PX: Final = 100  # the judge's window is 80 px; ten more on each side
_JUDGED_FACE_PX: Final = 80
_SETTLED: Final = 0.05  # of a face's size: moved farther, the points are placed once more
_MOST_PASSES: Final = 3
_MARGIN: Final = 0.45  # of a face's size about its points is looked at
_FLAT: Final = np.full((2, 2), 128, np.uint8)


class Chips:
    """Places points on a face, given where they were about; and judges what it placed them on."""

    def __init__(self, predictor: Predictor, judge: Judge) -> None:
        self._predictor, self._judge = predictor, judge
        self._cv2: Any = need("cv2", extra="faces", to="find faces")
        self._shape = shape = usual_shape(predictor)
        self._judged = shape * _JUDGED_FACE_PX + (JUDGED_PX - _JUDGED_FACE_PX) / 2

    def refined(self, view: View, about: Floats) -> Floats | None:
        """Return the points of the face that lies about there, or None if they do not settle."""
        points = about
        for _ in range(_MOST_PASSES):
            before, size = points, size_of(points)
            points = self._placed(view.grey(around(before, _MARGIN)), before)
            off = float(np.linalg.norm(points.mean(axis=0) - before.mean(axis=0)))
            if off < _SETTLED * size:
                return points
        return None

    def in_box(self, view: View, box: Box) -> Floats | None:
        """Return the points of the face in a detector's box, or None if they do not settle."""
        left, top, right, bottom = box
        start = self._shape * ((right - left + bottom - top) / 2) + (left, top)
        # Once for where they are, then upright.
        points = self._placed(view.grey(around(start, _MARGIN)), start)
        return self.refined(view, points)

    def judged(self, view: View, points: Floats) -> tuple[float, Grey]:
        """Return how much what the points lie on looks like a face, and the chip judged."""
        chip = self._chip(view.grey(around(points, 0.3)), points, self._judged, JUDGED_PX)
        return self._judge.score(chip), chip

    def portrait(self, view: View, points: Floats) -> Grey:
        """Return the face as who it is can be told from it."""
        patch = view.grey(around(points, _MARGIN))
        return self._chip(patch, points, template(PORTRAIT_PX), PORTRAIT_PX)

    def _placed(self, patch: Patch, about: Floats) -> Floats:
        corner = np.array([patch.left_px, patch.top_px])
        onto = similarity.inverse(similarity.fit(about - corner, self._shape))
        return np.asarray(self._predictor.place(patch.pixels, onto) + corner)

    def _chip(self, patch: Patch, points: Floats, wanted: Floats, size_px: int) -> Grey:
        return self._warped(patch, self._matrix(patch, points, wanted), size_px)

    def _matrix(self, patch: Patch, points: Floats, wanted: Floats) -> Floats:
        return similarity.fit(points - (patch.left_px, patch.top_px), wanted)

    def _warped(self, patch: Patch, matrix: Floats, size_px: int) -> Grey:
        warped: Grey = self._cv2.warpAffine(
            patch.pixels,
            matrix,
            (size_px, size_px),
            flags=self._cv2.INTER_LINEAR,
            borderMode=self._cv2.BORDER_REPLICATE,
        )
        return warped


def usual_shape(predictor: Predictor) -> Floats:
    """Return where this predictor puts points that nothing moves, as shares of its square.

    Every model has its own idea of how a square lies around a face. On a flat picture it starts
    from its mean shape and is hardly moved; made symmetric, that is how a face is laid under it.
    """
    placed = predictor.place(_FLAT, np.eye(2, 3))
    mirrored = placed[list(MIRRORED)] * (-1.0, 1.0) + (1.0, 0.0)
    return np.asarray((placed + mirrored) / 2).reshape(COUNT, 2)


def size_of(points: Floats) -> float:
    """Return how large a face is: the mean of its points' width and height."""
    left, top, right, bottom = box_of(points).tolist()
    return float((right - left + bottom - top) / 2)


def around(points: Floats, share: float) -> tuple[float, float, float, float]:
    """Return the box of the points, and so much of their size more on each side."""
    left, top, right, bottom = box_of(points).tolist()
    more = share * size_of(points)
    return left - more, top - more, right + more, bottom + more
