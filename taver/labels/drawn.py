"""The two plots that both pages on labels have: where the ground truth lies, and how often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core import plot
from taver.core.plot import Axis, Dots, Rule
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_WIDTH_PX: Final = 460.0
_CELL: Final = 0.5  # points: dots that lie together become one
_BINS: Final = [n - 0.5 for n in range(int(LOWEST), int(HIGHEST) + 2)]
_LOW, _HIGH = LOWEST - 0.5, HIGHEST + 0.5


class Words(NamedTuple):
    """What the axes are called, in the reader's language."""

    valence: str = "valence"
    arousal: str = "arousal"
    frames: str = "frames"


ENGLISH: Final = Words()


def scatter(fused: Mapping[Dimension, Floats], told: str, words: Words = ENGLISH) -> str:
    """Draw arousal against valence; a dot's area is how many frames are there."""
    pair = np.column_stack([fused[Dimension.VALENCE], fused[Dimension.AROUSAL]])
    cells = np.round(pair[~np.isnan(pair).any(axis=1)] / _CELL) * _CELL + 0.0
    counts = Counter((float(v), float(a)) for v, a in cells)
    most = max(counts.values(), default=1)
    places = sorted(counts)
    dots = Dots(
        words.frames,
        [v for v, _ in places],
        [a for _, a in places],
        "accent",
        [
            f"{words.valence} {v:g}, {words.arousal} {a:g}: {counts[v, a]} {words.frames}"
            for v, a in places
        ],
        [1.5 + 6.5 * (counts[place] / most) ** 0.5 for place in places],
    )
    return plot.drawn(
        [Rule(0.0), Rule(0.0, upright=True), dots],
        Axis(words.valence, _LOW, _HIGH),
        Axis(words.arousal, _LOW, _HIGH),
        told=told,
        width_px=_WIDTH_PX,
        height_px=430.0,
    )


def histogram(values: Floats, dimension: Dimension, told: str, words: Words = ENGLISH) -> str:
    """Draw how often each value was the ground truth, one bar a point of the scale."""
    return plot.drawn(
        [plot.histogram(dimension.value, values, _BINS, colour=dimension.value)],
        Axis(getattr(words, dimension.value), _LOW, _HIGH),
        Axis(words.frames, unit=" %"),
        told=told,
        width_px=_WIDTH_PX,
        height_px=205.0,
    )
