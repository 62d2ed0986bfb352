"""The part of a run's page that says how well it does on people it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taver.core import page, plot
from taver.training import evaluate
from taver.training.report import scores

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from taver.core.page import Markup
    from taver.training.evaluate import Evaluation, Judged
    from taver.training.runs import Run

_MOST_DOTS: Final = 2000  # of a scatter; more tell nothing, and make a page slow


def section(found: Evaluation, there: Path, run: Run) -> Markup:
    """Return what an evaluation of a run says."""
    table = evaluate.read_predictions(there)
    parts = [
        page.text(
            f"{found.n} values, one a {found.unit}; {found.interpolated} of them interpolated for "
            f"lack of a face; {found.unknown} predicted and not judged, for lack of a label. "
            f"Split {found.split}, post-processing {found.post}."
            + (f" Computed on {found.computed}." if found.computed else "")
        )
    ]
    if found.made and found.made != run.about.made:
        parts.append(
            page.note(f"Of another dataset than the run's: {found.dataset} (made {found.made})")
        )
    if found.part != "test":
        parts.append(page.note("This part was seen in training: it judges nothing.", "warn"))
    if found.left_out:
        parts.append(page.note(f"Without any face: {', '.join(found.left_out)}", "warn"))
    for judged in found.judged:
        parts += _target(judged, table)
    return page.section(f"Judged on {found.part}, by {found.unit}", *parts)


def _target(judged: Judged, table: pd.DataFrame) -> list[Markup]:
    rows = [
        (f"all values, post-processed: {judged.post}", *scores.cells(judged.all)),
        (
            "95 % between",
            "",
            *(scores.between(judged.intervals[name]) for name in ("rmse", "cc", "ccc")),
        ),
        ("all values, as the network says", *scores.cells(judged.raw)),
        ("mean of people", *scores.cells(judged.mean)),
        *((f"  {person}", *scores.cells(row)) for person, row in judged.people.items()),
        *((f"baseline: {name}", *scores.cells(row)) for name, row in judged.baselines.items()),
    ]
    reasons = {row.reason for row in [judged.all, *judged.people.values()] if row.reason}
    head = page.Markup(f"<h3>{page.escaped(judged.target)}</h3>")
    drawn = [_scatter(judged.target, table), *_traces(judged.target, table)]
    return [
        head,
        page.table(scores.COLUMNS, rows, right=scores.RIGHT),
        *(page.text(f"Where there is no figure: {reason}.") for reason in sorted(reasons)),
        *drawn,
    ]


def _scatter(target: str, table: pd.DataFrame) -> Markup:
    known = table.dropna(subset=[f"{target}_true"])
    known = known.iloc[:: max(1, len(known) // _MOST_DOTS)]
    people = sorted(known["participant"].astype(str).unique())
    dots: list[plot.Shape] = [
        plot.Dots(person, some[f"{target}_true"], some[target], colour=str(number % 8 + 1))
        for number, person in enumerate(people)
        for some in [known[known["participant"].astype(str) == person]]
    ]
    dots.append(plot.Line("as it should be", [-1.0, 1.0], [-1.0, 1.0], colour="faint", dashed=True))
    drawn = plot.drawn(
        dots, plot.Axis("true", low=-1.0, high=1.0), plot.Axis("predicted", low=-1.0, high=1.0),
        told=f"predicted {target} against the true one", width_px=420, height_px=420,
    )  # fmt: skip
    return page.drawing(drawn, f"Predicted {target} against the true one, value by value")


def _traces(target: str, table: pd.DataFrame) -> list[Markup]:
    found = []
    for (person, recording), some in table.groupby(["participant", "recording"], sort=True):
        drawn = plot.drawn(
            [
                plot.Line("true", some["time_s"], some[f"{target}_true"], colour="ink"),
                plot.Line("predicted", some["time_s"], some[target], colour=target),
            ],
            plot.Axis("s"), plot.Axis(low=-1.0, high=1.0),
            told=f"true and predicted {target} of {person} over time",
        )  # fmt: skip
        found.append(page.drawing(drawn, f"{person}, {recording}: {target}"))
    return found
