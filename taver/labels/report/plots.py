"""The plots of the page: what the paper plots, and the traces themselves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core import plot
from taver.core.page import drawing
from taver.core.plot import Axis, Dots, Line, Rule
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.page import Markup
    from taver.labels.report.gather import ShownClip

ACCEPTABLE: Final = 0.7
GOOD: Final = 0.8
_HALF: Final = 460.0
_CELL: Final = 0.5  # points: dots that lie together become one
_BINS: Final = [n - 0.5 for n in range(int(LOWEST), int(HIGHEST) + 2)]


def scatter(clips: Sequence[ShownClip]) -> Markup:
    """Return arousal against valence of the ground truth; a dot's area is how many frames."""
    counts: Counter[tuple[float, float]] = Counter()
    for clip in clips:
        pair = np.column_stack([clip.fused[Dimension.VALENCE], clip.fused[Dimension.AROUSAL]])
        cells = np.round(pair[~np.isnan(pair).any(axis=1)] / _CELL) * _CELL + 0.0
        counts.update((float(v), float(a)) for v, a in cells)
    most = max(counts.values(), default=1)
    cells_in_order = sorted(counts)
    total = sum(counts.values())
    dots = Dots(
        "frames",
        [valence for valence, _ in cells_in_order],
        [arousal for _, arousal in cells_in_order],
        "accent",
        [
            f"valence {v:g}, arousal {a:g}: {counts[v, a]} of {total} frames"
            for v, a in cells_in_order
        ],
        [1.5 + 6.5 * (counts[cell] / most) ** 0.5 for cell in cells_in_order],
    )
    svg = plot.drawn(
        [Rule(0.0), Rule(0.0, upright=True), dots],
        Axis("valence", LOWEST - 0.5, HIGHEST + 0.5),
        Axis("arousal", LOWEST - 0.5, HIGHEST + 0.5),
        told=f"arousal against valence in {total} frames",
        width_px=_HALF,
        height_px=430.0,
    )
    return drawing(svg, f"Arousal against valence of the ground truth, {total} frames.")


def histogram(clips: Sequence[ShownClip], dimension: Dimension) -> Markup:
    """Return how often each value was the ground truth."""
    parts = [clip.fused[dimension] for clip in clips]
    values = np.concatenate(parts) if parts else np.empty(0)
    svg = plot.drawn(
        [plot.histogram(dimension.value, values, _BINS, colour=dimension.value)],
        Axis(dimension.value),
        Axis("frames", unit=" %"),
        told=f"how often each value of {dimension} was the ground truth",
        width_px=_HALF,
        height_px=205.0,
    )
    return drawing(svg, f"{dimension.value.capitalize()}, one bar a point of the scale.")


def frames_per_clip(clips: Sequence[ShownClip]) -> Markup:
    """Return how long each clip is."""
    frames = [len(clip.seconds) for clip in clips]
    svg = plot.drawn(
        [plot.columns("frames", frames, colour="color")],
        Axis(names=[clip.name for clip in clips]),
        Axis("frames"),
        told="frames of each clip",
        height_px=230.0,
    )
    return drawing(svg, f"Frames per clip; {sum(frames)} in all.")


def alpha_by_clip(clips: Sequence[ShownClip]) -> Markup:
    """Return Cronbach's alpha of each clip."""
    bars = [
        plot.columns(
            dimension.value,
            [clip.agreement[dimension].cronbach_alpha for clip in clips],
            place=n,
            of=len(Dimension),
            colour=dimension.value,
        )
        for n, dimension in enumerate(Dimension)
    ]
    svg = plot.drawn(
        [*bars, Rule(ACCEPTABLE, "acceptable, 0.7", "warn"), Rule(GOOD, "good, 0.8", "good")],
        Axis(names=[clip.name for clip in clips]),
        Axis("Cronbach's alpha", high=1.0),
        told="Cronbach's alpha of each clip",
        height_px=270.0,
    )
    return drawing(svg, "Cronbach's alpha by clip; no bar where it does not exist.")


def traces(clip: ShownClip, dimension: Dimension, raters: Sequence[str]) -> Markup:
    """Return all raters' values over time, and the one made of them; a rater keeps a colour."""
    lines = [
        Line(
            rater,
            clip.seconds,
            clip.values[dimension][:, n],
            str(list(raters).index(rater) % 8 + 1),
            steps=True,
        )
        for n, rater in enumerate(clip.raters)
    ]
    fused = Line(clip.fusion, clip.seconds, clip.fused[dimension], "ink", bold=True)
    svg = plot.drawn(
        [Rule(0.0), *lines, fused],
        Axis("", 0.0, max(float(clip.seconds[-1]), 0.1), unit=" s"),
        Axis(dimension.value, LOWEST, HIGHEST),
        told=f"{dimension} of {clip.name} over time, by rater and fused",
        width_px=1040.0,
        height_px=230.0,
    )
    return drawing(svg, f"{clip.name}: {dimension}.")
