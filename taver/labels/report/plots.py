"""The plots of the page: what the paper plots, and the traces themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core import plot
from taver.core.page import drawing
from taver.core.plot import Axis, Line, Rule
from taver.labels import drawn
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from taver.core.page import Markup
    from taver.labels.report.gather import ShownClip

ACCEPTABLE: Final = 0.7
GOOD: Final = 0.8


def scatter(clips: Sequence[ShownClip]) -> Markup:
    """Return arousal against valence of the ground truth; a dot's area is how many frames."""
    fused = {dimension: _joined(clips, dimension) for dimension in Dimension}
    both = ~np.isnan(np.stack([*fused.values()])).any(axis=0)
    svg = drawn.scatter(fused, f"arousal against valence in {both.sum()} frames")
    return drawing(svg, f"Arousal against valence of the ground truth, {both.sum()} frames.")


def histogram(clips: Sequence[ShownClip], dimension: Dimension) -> Markup:
    """Return how often each value was the ground truth."""
    told = f"how often each value of {dimension} was the ground truth"
    svg = drawn.histogram(_joined(clips, dimension), dimension, told)
    return drawing(svg, f"{dimension.value.capitalize()}, one bar a point of the scale.")


def _joined(clips: Sequence[ShownClip], dimension: Dimension) -> npt.NDArray[np.float64]:
    return np.concatenate([np.empty(0), *(clip.fused[dimension] for clip in clips)])


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
