"""The page: the paper's table for your data beside the paper's own, and what stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from taver.core import atomic
from taver.core.page import Markup, facts, note, page, section, side_by_side, table, text
from taver.labels import store
from taver.labels.bootstrap import BLOCK_S, RESAMPLES
from taver.labels.lags import CHANCE
from taver.labels.pool import Zero
from taver.labels.report import cells, lacking, plots
from taver.labels.report.each import clips_section, raters_section
from taver.labels.report.gather import gathered
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from taver.core.session.folder import Session
    from taver.labels.report.gather import Gathered

# Table III of the TAVER paper: percent of positive frames, mean correlation, Cronbach's alpha.
PAPER: Final = {Dimension.AROUSAL: (45.4, 0.424, 0.72), Dimension.VALENCE: (46.9, 0.479, 0.79)}
# On a telephone the weights stand below what they are of: beside it there is no room to see them.
_STYLE: Final = (
    "@media print { figure, tr { break-inside: avoid; } body { font-size: 11px; } } "
    "@media (max-width: 40rem) { .made thead { display: none; } "
    ".made tr { display: block; border-bottom: 1px solid var(--line); } "
    ".made td { display: inline-block; border: 0; } .made td:last-child { display: block; } }"
)
_NAMED: Final = 5  # sessions in the title


def write(sessions: Sequence[Session], path: Path) -> Path:
    """Write the page about the labels of these sessions."""
    found = gathered([store.open_labels(session) for session in sessions])
    atomic.write_bytes(path, shown(found).encode())
    return path


def shown(found: Gathered) -> str:
    """Return the page."""
    frames = sum(len(clip.seconds) for clip in found.clips)
    raters = sorted({rater for clip in found.clips for rater in clip.raters})
    whose = found.sessions if len(found.sessions) <= _NAMED else [f"{len(found.sessions)} sessions"]
    return page(
        f"Labels of {', '.join(whose)}",
        _beside_paper(found),
        _all_figures(found),
        section(
            "What the paper plots",
            side_by_side(
                plots.scatter(found.clips),
                Markup(f"<div>{''.join(plots.histogram(found.clips, d) for d in Dimension)}</div>"),
            ),
            plots.frames_per_clip(found.clips),
        ),
        clips_section(found),
        raters_section(found, raters),
        section(
            "Traces", *(plots.traces(clip, d, raters) for clip in found.clips for d in Dimension)
        ),
        _how(found),
        simulated=found.simulated,
        style=_STYLE,
        about=", ".join(
            cells.many(count, what)
            for count, what in (
                (len(found.clips), "clip"),
                (frames, "frame"),
                (len(raters), "rater"),
            )
        ),
    )


def _beside_paper(found: Gathered) -> Markup:
    rows = []
    for dimension in Dimension:
        for pool in found.pools[dimension]:
            if pool.pool.zero is Zero.RATER:
                continue
            figures = pool.agreement
            rows.append(
                [
                    dimension,
                    "these labels, " + ("zero mean" if pool.pool.zero is Zero.CLIP else "as given"),
                    cells.number(figures.positive_percent, 1),
                    cells.number(figures.mean_r, 3),
                    cells.number(figures.cronbach_alpha, 2),
                    cells.band(figures.cronbach_alpha),
                    cells.between(pool.intervals["cronbach_alpha"], 2),
                ]
            )
        positive, r, alpha = PAPER[dimension]
        rows.append(
            [
                dimension,
                "the paper, zero mean",
                f"{positive}",
                f"{r}",
                f"{alpha}",
                cells.band(alpha),
                "not given",
            ]
        )
    return section(
        "Table III, beside the paper's",
        table(
            [
                "dimension",
                "whose",
                "positive, %",
                "mean correlation",
                "Cronbach's alpha",
                "that is",
                "95 %",
            ],
            rows,
            right="  rrr r",
        ),
        text(
            f"{lacking.together(found)} Zero mean: each rater's mean of each clip is taken off "
            "first; the paper says per rater, and not whether by clip. An alpha above 0.7 is "
            "called acceptable, above 0.8 good. It rises with the number of raters: compare it "
            "with as many (in the paper, three for each video)."
        ),
        *lacking.reasons(found),
    )


def _all_figures(found: Gathered) -> Markup:
    parts = []
    for dimension in Dimension:
        pools = found.pools[dimension]
        rows = [
            [
                name,
                *(
                    cell
                    for pool in pools
                    for cell in (
                        cells.number(getattr(pool.agreement, figure), cells.digits(figure)),
                        cells.between(pool.intervals[figure], cells.digits(figure) - 1),
                    )
                ),
                cells.number(
                    cells.mean(
                        [getattr(clip.agreement[dimension], figure) for clip in found.clips]
                    ),
                    cells.digits(figure),
                ),
            ]
            for figure, name in cells.NAMES.items()
        ]
        heads = ["as given", "95 %", "zero mean by clip", "95 %", "zero mean by rater", "95 %"]
        parts.append(
            Markup(
                f"<h3>{dimension.value.capitalize()}</h3>"
                + table(["figure", *heads, "mean of clips"], rows, right=" rrrrrrr")
            )
        )
    rules = {found.pools[d][0].pool.rule.partition("; ")[2]: d for d in Dimension}
    rule = ". ".join(rules if len(rules) == 1 else (f"{d}: {told}" for told, d in rules.items()))
    return section(
        "All figures",
        *parts,
        text(
            f"How clips were put together: {rule}. Alpha and ICC "
            "are over the frames that all of a clip's raters rated; r, MSE and CCC are means over "
            f"pairs. Intervals are from {RESAMPLES} resamples of whole stretches of "
            f"{BLOCK_S:g}{cells.STAY}s, or of a quarter of all where that is less: neighbouring "
            "frames say nearly the same, and drawn singly they would feign certainty. They tell of "
            "other stretches of these clips, not of other people."
        ),
    )


def _how(found: Gathered) -> Markup:
    first = found.settings[0]
    same = all(one == first for one in found.settings)
    settings = {
        "fusion": first["fusion"],
        "gaps closed up to": f"{first['gap_s']}" + (" s" if first["gap_s"] != "any length" else ""),
        "by": {"hold": "holding the last value", "linear": "a straight line"}[first["fill"]],
        "lags looked for up to": f"{first['most_lag_s']:g} s",
        "reference": first.get("reference", "none: lags are relative to the median rater"),
    }
    rows = [
        [clip.name, dimension, name, told(clip.made[name][dimension.value])]
        for clip in found.clips
        for dimension in Dimension
        for name, told in (
            ("ewe", _weights),
            ("ewe-leave-one-out", _weights),
            ("lag-mean", _lags),
        )
    ]
    columns = ["clip", "dimension", "fusion", "weights, or lags in s"]
    return section(
        "How it was made",
        facts(settings),
        *([] if same else [note("The sessions were not all made with these settings.", "warn")]),
        text(
            "For training, values are divided by 10, to -1 to 1. labels.zarr keeps what each rater "
            "said, where gaps were closed, and all five fusions. Beside a lag stands r, which says "
            "how clearly it was found. Where traces that know nothing of each other are as clear "
            f"in more than {100 * CHANCE:g} of 100 draws, no lag is taken away."
        ),
        Markup(f'<div class="made">{table(columns, rows)}</div>'),
    )


def _weights(made: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{rater}{cells.STAY}{weight:.3f}" for rater, weight in made["weights"].items()
    )


def _lags(made: Mapping[str, Any]) -> str:
    """Return the lags, and how clearly each was found, or that it may be chance."""
    parts = []
    for rater, lag in made["lags_s"].items():
        r, chance = made["clearness"][rater], made["chance"][rater]
        if lag is not None:
            told = f"{cells.number(lag, 3, sign=True)} (r{cells.STAY}{r:.2f})"
        elif r is not None and chance is not None and chance > made["most_chance"]:
            told = f"0, as it may be chance (r{cells.STAY}{r:.2f})"
        else:
            told = "0, as none can be told"
        parts.append(f"{rater}{cells.STAY}{told}")
    return "; ".join(parts)
