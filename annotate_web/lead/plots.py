"""Which plots a lead sees, as the paper has them: traces, scatter, histograms, frames per video."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from annotate_web.db.tables import State
from annotate_web.events.replay import changes
from annotate_web.media.slots import RATE_HZ
from taver.core import plot
from taver.core.plot import Axis, Line, Rule
from taver.labels import drawn
from taver.labels.drawn import Words
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from annotate_web.lead.overview import ByClip, Overview
    from annotate_web.lead.rated import Rated

    Floats = npt.NDArray[np.float64]
    Texts = Callable[..., str]

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
    lines: list[Line] = []
    shown = [r for r in rated.ratings if r.covered > 0 and r.state is not State.WITHDRAWN]
    for number, rating in enumerate(shown):
        name = rating.rater if rating.counts else f"{rating.rater} ({t(f'lead.{rating.state}')})"
        colour = str(number % _COLOURS + 1) if rating.counts else "faint"
        lines.append(
            Line(name, seconds, rating.values[dimension], colour, dashed=not rating.counts,
                 steps=True)
        )  # fmt: skip
    if rated.counted:
        fused = rated.fused(dimension).values
        lines.append(Line(t("lead.fused"), seconds, fused, "ink", bold=True, steps=True))
    caption = t("lead.traces_of", dimension=t(f"lead.{dimension}"), clip=rated.clip.name)
    svg = plot.drawn(
        [Rule(0.0), *lines],
        Axis("", 0.0, max(len(seconds), 1) / RATE_HZ, unit=" s"),
        Axis(t(f"lead.{dimension}"), LOWEST, HIGHEST),
        told=caption,
        width_px=960.0,
        height_px=300.0,
    )
    return Plot(f"{rated.clip.name}-{dimension}", caption, svg, _readable(len(seconds), lines))


def _scatter(fused: Mapping[Dimension, Floats], t: Texts) -> Plot:
    caption = t("lead.scatter")
    return Plot("arousal-valence", caption, drawn.scatter(fused, caption, _words(t)))


def _histogram(values: Floats, dimension: Dimension, t: Texts) -> Plot:
    caption = t("lead.histogram_of", dimension=t(f"lead.{dimension}"))
    svg = drawn.histogram(values, dimension, caption, _words(t))
    return Plot(f"histogram-{dimension}", caption, svg)


def _words(t: Texts) -> Words:
    return Words(*(t(f"lead.{name}") for name in Words._fields))


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


def _readable(frames: int, shown: Iterable[Line]) -> str:
    """Return each line's values for the page's script, as runs of frames that have one value."""
    lines = [
        {"name": line.name, "runs": _runs(np.asarray(line.y, dtype=np.float64))} for line in shown
    ]
    return json.dumps({"rate": RATE_HZ, "frames": frames, "lines": lines})


def _runs(values: Floats) -> list[tuple[float | None, int]]:
    rounded = np.round(values, 2)
    starts = changes(rounded)
    lengths = np.diff(np.concatenate([starts, [len(values)]])).tolist()
    firsts = rounded[starts].tolist()
    return [
        (None if value != value else value, length)  # noqa: PLR0124  NaN alone is not itself
        for value, length in zip(firsts, lengths, strict=True)
    ]
