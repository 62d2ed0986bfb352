"""The page of a dataset's statistics: how much there is, its labels, how far raters agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core import page
from taver.core.plot import Axis, Bars, drawn
from taver.dataset.about.stats import DIMENSIONS, EDGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.page import Markup
    from taver.dataset.about.stats import Stats

_HALF_PX = 470.0  # of a page: two histograms stand side by side
PARTS = ("part", "people", "recordings", "slots", "labelled", "minutes")
RATED = ("", "recordings", "% positive", "mean r", "alpha", "MSE", "ICC(C,1)")


def parts(found: Stats) -> list[tuple[str, ...]]:
    """Return the rows of the table PARTS."""
    return [
        (one.name, str(one.people), str(one.recordings), str(one.slots), str(one.labelled),
         f"{one.minutes:.1f}")
        for one in found.parts
    ]  # fmt: skip


def rated(found: Stats) -> list[tuple[str, ...]]:
    """Return the rows of the table RATED."""
    return [
        (one.dimension, str(one.recordings), f"{one.positive_percent:.1f}", f"{one.mean_r:.3f}",
         f"{one.cronbach_alpha:.3f}", f"{one.mse:.2f}", f"{one.icc_c1:.3f}")
        for one in found.rated
    ]  # fmt: skip


def shown(found: Stats, title: str, *, simulated: bool) -> str:
    """Return the page."""
    return page.page(
        title,
        page.section("How much", page.table(PARTS, parts(found), right=" rrrrr")),
        page.section(
            "How raters agree",
            page.table(RATED, rated(found), right=" rrrrrr"),
            page.text(
                "Each rater's values of a recording are first brought to a mean of zero; the "
                "figures of recordings are averaged by their length, as in the paper. ICC(C,1) "
                "is of consistency, of single raters."
            ),
        ),
        page.section(
            "Labels, of all raters together",
            page.side_by_side(*(_histogram(found, dimension) for dimension in DIMENSIONS)),
            _together(found),
        ),
        simulated=simulated,
    )


def _histogram(found: Stats, dimension: str) -> Markup:
    counts = found.histograms[dimension]
    if not any(counts):
        return page.note(f"Nobody rated {dimension}.")
    caption = (
        f"{dimension.capitalize()}: mean {found.mean[dimension]:.3f}, "
        f"deviation {found.deviation[dimension]:.3f}"
    )
    titles = [f"{low:g} to {high:g}: {count} slots" for low, high, count in _bins(counts)]
    bars = Bars(dimension, EDGES[:-1], EDGES[1:], counts, dimension, titles)
    svg = drawn(
        [bars], Axis(dimension, -1.0, 1.0), Axis("slots"), told=caption,
        width_px=_HALF_PX, height_px=220.0,
    )  # fmt: skip
    return page.drawing(svg, caption)


def _bins(counts: Sequence[int]) -> list[tuple[float, float, int]]:
    return list(zip(EDGES[:-1], EDGES[1:], counts, strict=True))


def _together(found: Stats) -> Markup:
    """Return in which quarter of arousal and valence the slots lie."""
    half = len(found.together) // 2
    every = sum(sum(row) for row in found.together)
    if not every:
        return page.note("No slot has both labels.")

    def share(rows: slice, columns: slice) -> str:
        count = sum(sum(row[columns]) for row in found.together[rows])
        return f"{100 * count / every:.1f} %"

    low, high = slice(0, half), slice(half, None)
    return page.table(
        ("slots with both labels", "valence below 0", "valence from 0 on"),
        [
            ("arousal from 0 on", share(high, low), share(high, high)),
            ("arousal below 0", share(low, low), share(low, high)),
        ],
        right=" rr",
    )
