"""Finds when nothing moved: between the moments at which the board was carried on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from calibration.vision import vision

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_WIDE_PX: Final = 128
_QUIETEST: Final = 25.0  # percentile of the changes that is taken for noise
_MOVING: Final = 2.0  # times that
_FEWEST: Final = 3  # frames


class Span(NamedTuple):
    """From one frame to another, both included."""

    first: int
    last: int


def small(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return a picture so small that noise is averaged away and movement is not."""
    value = np.asarray(pixels, np.float32)
    if value.ndim == 3:
        value = value.mean(axis=2)
    height = max(round(value.shape[0] * _WIDE_PX / value.shape[1]), 1)
    cv2 = vision()
    shrunk = cv2.resize(value, (_WIDE_PX, height), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32)


def still(pictures: Sequence[npt.NDArray[np.float32]]) -> list[Span]:
    """Return the spans of small pictures in which nothing moved, in order.

    A change is the mean difference from one picture to the next. Slow movement adds up, so no
    picture of a span may be far from its first one either.
    """
    if len(pictures) < _FEWEST:
        return [Span(at, at) for at in range(len(pictures))]
    changes = np.array([float(np.abs(b - a).mean()) for a, b in pairwise(pictures)])
    limit = _MOVING * max(float(np.percentile(changes, _QUIETEST)), 1e-6)
    spans, first = [], 0
    for at in range(1, len(pictures) + 1):
        goes_on = (
            at < len(pictures)
            and changes[at - 1] < limit
            and float(np.abs(pictures[at] - pictures[first]).mean()) < limit
        )
        if not goes_on:
            if at - first >= _FEWEST:
                spans.append(Span(first, at - 1))
            first = at
    return spans
