"""Which plots a lead sees, as the paper has them: traces, scatter, histograms, frames per video."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from annotate_web.db.tables import State
from annotate_web.media.slots import RATE_HZ
from taver.core import plot
from taver.core.plot import Axis, Dots, Line, Rule
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from annotate_web.lead.overview import ByClip, Overview
    from annotate_web.lead.rated import Rated

    Floats = npt.NDArray[np.float64]
    Texts = Callable[..., str]

_HALF_PX: Final = 460.0
_CELL: Final = 0.5  # points: dots that lie together become one
_BINS: Final = [n - 0.5 for n in range(int(LOWEST), int(HIGHEST) + 2)]
_COLOURS: Final = 8


class Plot(NamedTuple):
    """A plot, what it is called, and what can be read off it frame by frame."""

    name: str
    caption: str
    svg: str
    lines: str = ""  # JSON for the page: {"rate", "frames", "lines": [{"name", "runs"}]}


def overall(found: Overview, t: Texts) -> dict[str, Plot]:
    """Return the plots over all clips, by name."""
    plots = [
        _scatter(found.fused, t),
        *(_histogram(found.fused[dimension], dimension, t) for dimension in Dimension),
        *([_lengths(found.clips, t)] if found.clips else []),
    ]
    return {one.name: one for one in plots}


def traces(rated: Rated, dimension: Dimension, t: Texts) -> Plot:
    """Draw all ratings of a clip over each other, with the fused one on top."""
    seconds = np.arange(len(rated.frame_unix_ns)) / RATE_HZ
    drawn: list[Line] = []
    shown = [r for r in rated.ratings if r.covered > 0 and r.state is not State.WITHDRAWN]
    for number, rating in enumerate(shown):
        name = rating.rater if rating.counts else f"{rating.rater} ({t(f'lead.{rating.state}')})"
        colour = str(number % _COLOURS + 1) if rating.counts else "faint"
        drawn.append(
            Line(name, seconds, rating.values[dimension], colour, dashed=not rating.counts,
                 steps=True)
        )  # fmt: skip
    if rated.counted:
        fused = rated.fused(dimension).values
        drawn.append(Line(t("lead.fused"), seconds, fused, "ink", bold=True, steps=True))
    caption = t("lead.traces_of", dimension=t(f"lead.{dimension}"), clip=rated.clip.name)
    svg = plot.drawn(
        [Rule(0.0), *drawn],
        Axis("", 0.0, max(len(seconds), 1) / RATE_HZ, unit=" s"),
        Axis(t(f"lead.{dimension}"), LOWEST, HIGHEST),
        told=caption,
        width_px=960.0,
        height_px=300.0,
    )
    return Plot(f"{rated.clip.name}-{dimension}", caption, svg, _readable(len(seconds), drawn))


def _scatter(fused: Mapping[Dimension, Floats], t: Texts) -> Plot:
    """Draw arousal against valence; a dot's area is how many frames are there."""
    pair = np.column_stack([fused[Dimension.VALENCE], fused[Dimension.AROUSAL]])
    cells = np.round(pair[~np.isnan(pair).any(axis=1)] / _CELL) * _CELL + 0.0
    counts = Counter((float(v), float(a)) for v, a in cells)
    most = max(counts.values(), default=1)
    places = sorted(counts)
    valence, arousal, frames = (t(f"lead.{w}") for w in ("valence", "arousal", "frames"))
    dots = Dots(
        frames,
        [v for v, _ in places],
        [a for _, a in places],
        "accent",
        [f"{valence} {v:g}, {arousal} {a:g}: {counts[v, a]} {frames}" for v, a in places],
        [1.5 + 6.5 * (counts[place] / most) ** 0.5 for place in places],
    )
    svg = plot.drawn(
        [Rule(0.0), Rule(0.0, upright=True), dots],
        Axis(valence, LOWEST - 0.5, HIGHEST + 0.5),
        Axis(arousal, LOWEST - 0.5, HIGHEST + 0.5),
        told=t("lead.scatter"),
        width_px=_HALF_PX,
        height_px=430.0,
    )
    return Plot("arousal-valence", t("lead.scatter"), svg)


def _histogram(values: Floats, dimension: Dimension, t: Texts) -> Plot:
    caption = t("lead.histogram_of", dimension=t(f"lead.{dimension}"))
    svg = plot.drawn(
        [plot.histogram(str(dimension), values, _BINS, colour=str(dimension))],
        Axis(t(f"lead.{dimension}"), LOWEST - 0.5, HIGHEST + 0.5),
        Axis(t("lead.frames"), unit=" %"),
        told=caption,
        width_px=_HALF_PX,
        height_px=205.0,
    )
    return Plot(f"histogram-{dimension}", caption, svg)


def _lengths(clips: Iterable[ByClip], t: Texts) -> Plot:
    counts = [(one.clip.name, one.clip.frames) for one in clips]
    bars = plot.columns(t("lead.frames"), [count for _, count in counts], colour="color")
    titles = [f"{name}: {count} {t('lead.frames')}" for name, count in counts]
    svg = plot.drawn(
        [bars._replace(titles=titles)],
        Axis(names=[name for name, _ in counts]),
        Axis(t("lead.frames")),
        told=t("lead.frames_per_video"),
        width_px=960.0,
        height_px=220.0,
    )
    return Plot("frames-per-video", t("lead.frames_per_video"), svg)


def _readable(frames: int, drawn: Iterable[Line]) -> str:
    """Return each line's values for the page's script, as runs of frames that have one value."""
    lines = [
        {"name": line.name, "runs": _runs(np.asarray(line.y, dtype=np.float64))} for line in drawn
    ]
    return json.dumps({"rate": RATE_HZ, "frames": frames, "lines": lines})


def _runs(values: Floats) -> list[tuple[float | None, int]]:
    rounded = np.round(values, 2)
    same = (rounded[1:] == rounded[:-1]) | (np.isnan(rounded[1:]) & np.isnan(rounded[:-1]))
    starts = np.concatenate([[0], np.flatnonzero(~same) + 1]).astype(int)[: len(values)]
    lengths = np.diff(np.concatenate([starts, [len(values)]])).tolist()
    firsts = rounded[starts].tolist()
    return [
        (None if value != value else value, length)  # noqa: PLR0124  NaN alone is not itself
        for value, length in zip(firsts, lengths, strict=True)
    ]
