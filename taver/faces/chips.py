"""Places points on a face in its own frame, turned upright; and cuts chips of it for the judge.

A detector's box is whole pixels and jumps by them, and the predictor's points jump with it. Given
the similarity of where the points were a frame ago, the predictor sees the face always the same
way: to fractions of a pixel, and upright whatever the roll.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.extras import need
from taver.faces.align import template
from taver.faces.compiled import compiled
from taver.faces.identity import PORTRAIT_PX
from taver.faces.points import COUNT, MIRRORED

if TYPE_CHECKING:
    from taver.faces.finder import Grey, Judge, Predictor
    from taver.faces.points import Floats
    from taver.faces.view import Box, Patch, View

JUDGED_PX: Final = 100  # the judge's window is 80 px; ten more on each side
_JUDGED_FACE_PX: Final = 80
_SETTLED: Final = 0.05  # of a face's size: moved farther, the points are placed once more
_MOST_PASSES: Final = 3
# Of a face's size about its points: above, beside and below. The judge's chip reaches that far on
# a face that is upright, and a little less has to do where it moved, or all would be read again.
_LOOKED: Final = (0.42, 0.3, 0.15)
_ENOUGH: Final = (0.3, 0.2, 0.05)
_PORTRAIT: Final = (0.45, 0.45, 0.45)
_FLAT: Final = np.full((2, 2), 128, np.uint8)


class Chips:
    """Places points on a face, given where they were about; and judges what it placed them on."""

    def __init__(self, predictor: Predictor, judge: Judge) -> None:
        self._predictor, self._judge = predictor, judge
        self._shape = shape = usual_shape(predictor)
        self._judged = shape * _JUDGED_FACE_PX + (JUDGED_PX - _JUDGED_FACE_PX) / 2
        self._portrait = template(PORTRAIT_PX)

    def refined(self, view: View, about: Floats) -> Floats | None:
        """Return the points of the face that lies about there, or None if they do not settle."""
        points = about
        for _ in range(_MOST_PASSES):
            before, size = points, size_of(points)
            points = self._placed(view.grey(around(before, _LOOKED)), before)
            if apart(points, before) < _SETTLED * size:
                return points
        return None

    def in_box(self, view: View, box: Box) -> Floats | None:
        """Return the points of the face in a detector's box, or None if they do not settle."""
        left, top, right, bottom = box
        start = self._shape * ((right - left + bottom - top) / 2) + (left, top)
        # Once for where they are, then upright.
        points = self._placed(view.grey(around(start, _LOOKED)), start)
        return self.refined(view, points)

    def judged(self, view: View, points: Floats) -> tuple[float, Grey]:
        """Return how much what the points lie on looks like a face, and the chip judged."""
        chip = _chip(view.grey(around(points, _ENOUGH)), points, self._judged, JUDGED_PX)
        return self._judge.score(chip), chip

    def portrait(self, view: View, points: Floats) -> Grey:
        """Return the face as who it is can be told from it."""
        return _chip(view.grey(around(points, _PORTRAIT)), points, self._portrait, PORTRAIT_PX)

    def _placed(self, patch: Patch, about: Floats) -> Floats:
        onto = np.empty((2, 3))
        _lay(self._shape, _plain(about), (patch.left_px, patch.top_px), onto)
        corner = np.array((patch.left_px, patch.top_px))
        return np.asarray(self._predictor.place(patch.pixels, onto) + corner)


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
    left, top, right, bottom, _, _ = _ends(_plain(points))
    return (right - left + bottom - top) / 2


def apart(points: Floats, others: Floats) -> float:
    """Return how far two faces are from each other."""
    (x, y), (other_x, other_y) = middle(points), middle(others)
    return math.hypot(x - other_x, y - other_y)


def middle(points: Floats) -> tuple[float, float]:
    """Return the mean of the points."""
    _, _, _, _, x, y = _ends(_plain(points))
    return x, y


def around(points: Floats, shares: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """Return the box of the points and shares of their size more: above, on each side, below."""
    left, top, right, bottom, _, _ = _ends(_plain(points))
    size = (right - left + bottom - top) / 2
    above, beside, below = shares
    return left - beside * size, top - above * size, right + beside * size, bottom + below * size


def _plain(points: Floats) -> Floats:
    """Return the points as what is compiled takes them."""
    return np.ascontiguousarray(points, np.float64)


def _chip(patch: Patch, points: Floats, wanted: Floats, size_px: int) -> Grey:
    """Return the part of a picture that has the points where they are wanted."""
    cv2 = need("cv2", extra="faces", to="find faces")
    onto = np.empty((2, 3))
    _lay(wanted, _plain(points), (patch.left_px, patch.top_px), onto)
    chip: Grey = cv2.warpAffine(
        patch.pixels,
        onto,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return chip


# For the few points of one face an array operation takes longer than all its numbers do.


@compiled
def _ends(points: Floats) -> tuple[float, float, float, float, float, float]:
    """Return left, top, right and bottom of the points, and their middle."""
    left = right = points[0, 0]
    top = bottom = points[0, 1]
    x, y = 0.0, 0.0
    count = points.shape[0]
    for point in range(count):
        left, right = min(left, points[point, 0]), max(right, points[point, 0])
        top, bottom = min(top, points[point, 1]), max(bottom, points[point, 1])
        x += points[point, 0]
        y += points[point, 1]
    return left, top, right, bottom, x / count, y / count


@compiled
def _lay(shape: Floats, points: Floats, corner: tuple[int, int], onto: Floats) -> None:
    """Write the similarity that brings a shape to the points, which are counted from a corner on.

    Backwards from the one that brings the points to the shape with the least error there: what is
    wanted is a face at its place in a chip, not a chip at its place on a face.
    """
    count = points.shape[0]
    x, y, at_x, at_y = 0.0, 0.0, 0.0, 0.0
    for n in range(count):
        x += (points[n, 0] - corner[0]) / count
        y += (points[n, 1] - corner[1]) / count
        at_x += shape[n, 0] / count
        at_y += shape[n, 1] / count
    size, along, across = 0.0, 0.0, 0.0
    for n in range(count):
        a, b = points[n, 0] - corner[0] - x, points[n, 1] - corner[1] - y
        c, d = shape[n, 0] - at_x, shape[n, 1] - at_y
        size += a * a + b * b
        along += a * c + b * d
        across += a * d - b * c
    # From points to shape it is (along, -across; across, along) / size.
    back = size / (along * along + across * across)
    along, across = along * back, across * back
    onto[0, 0], onto[0, 1], onto[0, 2] = along, across, x - along * at_x - across * at_y
    onto[1, 0], onto[1, 1], onto[1, 2] = -across, along, y + across * at_x - along * at_y
