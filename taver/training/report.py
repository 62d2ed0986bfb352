"""Pages of training: how a run went and what it says, ablations, cross-validation, a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from taver.core import page, plot
from taver.core.errors import DataError
from taver.training import ablate, evaluate, runs
from taver.training.published import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from taver.core.page import Markup
    from taver.training.ablate import Ablation
    from taver.training.cross import Cross
    from taver.training.evaluate import Evaluation, Judged, Row

FILE: Final = "report.html"
_COLUMNS: Final = ("", "n", "RMSE", "CC", "CCC")
_RIGHT: Final = " rrrr"
_MOST_DOTS: Final = 2000  # of a scatter; more tell nothing, and make a page slow


def run_page(folder: Path) -> str:
    """Return the page of a run: on what it was trained, how that went, how it was judged."""
    run = runs.read(folder)
    history = _history(folder)
    judged = evaluate.read_all(folder)
    parts = [_about(run), _curves(history)]
    for found, there in judged:
        parts.append(_evaluation(found, there, run))
    if not judged:
        parts.append(
            page.note(f"Not judged yet: taver evaluate {folder.name}. The test part is untouched.")
        )
    parts.append(_settings(run))
    simulated = run.about.simulated or any(found.simulated for found, _ in judged)
    model = run.config.model
    return page.page(
        f"{model.name}: {model.target}", *parts, simulated=simulated, about=f"run {folder.name}"
    )


def write_run(folder: Path) -> Path:
    """Write report.html of a run."""
    from taver.core import atomic

    atomic.write_bytes(folder / FILE, run_page(folder).encode())
    return folder / FILE


def ablation_page(found: Ablation) -> str:
    """Return the page of a table of the paper, with your own figures beside."""
    table = TABLES[found.what]
    lines = [line for line in found.lines if line.ccc is not None or line.printed]
    bars = plot.drawn(
        [
            plot.columns("printed", [line.printed[2] if line.printed else np.nan for line in lines],
                         place=0, of=2, colour="faint"),
            plot.columns("here", [_nan(line.ccc) for line in lines],
                         place=1, of=2, colour="valence"),
        ],
        plot.Axis(names=[line.label for line in lines]),
        plot.Axis("CCC", low=0.0),
        told=f"CCC of {len(lines)} rows, printed and reached here",
    )  # fmt: skip
    return page.page(
        f"{table.title}, beside {table.name}",
        page.text(f"{table.note} Here: {ablate.about(found)}."),
        page.note(
            "The printed figures were reached on other people with other labels: what can be "
            "compared is the order of the rows, not their height."
        ),
        page.drawing(bars, "CCC, printed and reached here"),
        page.table(ablate.COLUMNS, ablate.cells(found), right=" rrrrrrr "),
        simulated=found.simulated,
    )


def cross_page(results: Sequence[Cross]) -> str:
    """Return the page of a cross-validation by person."""
    parts = []
    for found in results:
        rows = [
            ("all values", *_cells(found.all)),
            ("mean of people", *_cells(found.mean)),
            *((person, *_cells(row)) for person, row in found.people.items()),
        ]
        folds = [(name, *_cells(row)) for name, row in found.folds.items()]
        parts += [
            page.section(
                found.target,
                page.table(_COLUMNS, rows, right=_RIGHT),
                page.text("Each fold by itself:"),
                page.table(_COLUMNS, folds, right=_RIGHT),
                *_of_seeds(found),
                *(page.note(f"{name}: {why}", "bad") for name, why in found.failed.items()),
            )
        ]
    return page.page(
        "Cross-validation by person",
        page.text(
            "Everybody is judged once, by a run that has never seen them"
            f"{', with each seed' if any(found.seeds for found in results) else ''}."
        ),
        *parts,
        simulated=any(found.simulated for found in results),
        about=results[0].dataset,
    )


def _of_seeds(found: Cross) -> list[Markup]:
    """Show what each seed reached, where there are several."""
    if not found.seeds:
        return []
    cccs = [row.ccc for row in found.seeds.values() if row.ccc is not None]
    told = f"Above is seed {found.seed}, whose CCC is in the middle of {len(found.seeds)} seeds"
    if cccs:
        told += f" ({min(cccs):.3f} to {max(cccs):.3f})"
    rows = [(f"seed {seed}, all values", *_cells(row)) for seed, row in found.seeds.items()]
    return [page.text(f"{told}:"), page.table(_COLUMNS, rows, right=_RIGHT)]


def session_page(
    name: str, table: pd.DataFrame, targets: Sequence[str], *, simulated: bool, notes: Sequence[str]
) -> str:
    """Return the page of what a run says of a session."""
    parts: list[Markup] = [page.note(note) for note in notes]
    for recording, some in table.groupby("recording"):
        lines = [
            plot.Line(target, some["time_s"], some[target], colour=target) for target in targets
        ]
        parts.append(
            page.drawing(
                plot.drawn(
                    lines, plot.Axis("s"), plot.Axis(low=-1.0, high=1.0),
                    told=f"{' and '.join(targets)} over time in {recording}",
                ),
                f"{recording}: {', '.join(targets)}",
            )
        )  # fmt: skip
    return page.page(f"Predicted: session {name}", *parts, simulated=simulated)


def _about(run: runs.Run) -> Markup:
    about, best = run.about, run.best
    told: dict[str, Any] = {
        "dataset": f"{about.dataset} (made {about.made})",
        "trained on": f"{', '.join(about.people.get('train', ())) or 'nobody'}: "
        f"{about.clips.get('train', '')}",
        "chosen on": f"{', '.join(about.people.get('validation', ())) or 'nobody'}: "
        f"{about.clips.get('validation', '')}",
        "began from": about.began or "not said yet",
        "state": run.state,
        "weights of": f"epoch {about.epochs}" + (", refitted on both" * run.config.protocol.refit),
    }
    if best is not None and best.ccc is not None:
        told["validation"] = f"CCC {best.ccc:.3f}, RMSE {best.rmse:.3f}, by clip"
    parts = [page.facts(told)]
    if about.without_relaxing:
        parts.append(
            page.note(
                "Without a relaxing phase, so their heat is absolute: "
                f"{', '.join(about.without_relaxing)}",
                "warn",
            )
        )
    return page.section("What it learnt from", *parts)


def _curves(history: Sequence[runs.Epoch]) -> Markup:
    if not history:
        return page.section("How it went", page.text("No epoch is over yet."))
    at = np.arange(1, len(history) + 1)
    loss = plot.drawn(
        [plot.Line("training loss", at, [e.loss for e in history], colour="accent")],
        plot.Axis("epoch"), plot.Axis(low=0.0), told="training loss by epoch", width_px=420,
    )  # fmt: skip
    curves = [page.drawing(loss, "Loss of the training clips")]
    if any(epoch.ccc is not None for epoch in history):
        ccc = plot.drawn(
            [plot.Line("CCC", at, [_nan(e.ccc) for e in history], colour="good"),
             plot.Line("RMSE", at, [_nan(e.rmse) for e in history], colour="warn")],
            plot.Axis("epoch"), plot.Axis(), told="validation CCC and RMSE by epoch", width_px=420,
        )  # fmt: skip
        curves.append(page.drawing(ccc, "CCC and RMSE of the validation people, by clip"))
    return page.section("How it went", page.side_by_side(*curves))


def _evaluation(found: Evaluation, there: Path, run: runs.Run) -> Markup:
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
        parts += _judged(judged, table)
    return page.section(f"Judged on {found.part}, by {found.unit}", *parts)


def _judged(judged: Judged, table: pd.DataFrame) -> list[Markup]:
    rows = [
        (f"all values, post-processed: {judged.post}", *_cells(judged.all)),
        ("95 % between", "", *(_between(judged.intervals[name]) for name in ("rmse", "cc", "ccc"))),
        ("all values, as the network says", *_cells(judged.raw)),
        ("mean of people", *_cells(judged.mean)),
        *((f"  {person}", *_cells(row)) for person, row in judged.people.items()),
        *((f"baseline: {name}", *_cells(row)) for name, row in judged.baselines.items()),
    ]
    reasons = {row.reason for row in [judged.all, *judged.people.values()] if row.reason}
    head = page.Markup(f"<h3>{page.escaped(judged.target)}</h3>")
    drawn = [_scatter(judged.target, table), *_traces(judged.target, table)]
    return [
        head,
        page.table(_COLUMNS, rows, right=_RIGHT),
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


def _settings(run: runs.Run) -> Markup:
    tree = msgspec.to_builtins(run.config)
    told = {
        f"{section}.{key}": _setting(value)
        for section, values in tree.items()
        for key, value in values.items()
    }
    return page.section(
        "Settings",
        page.facts(run.config.scaling.in_words()),
        page.facts(told),
        page.facts(run.about.software),
    )


def _setting(value: object) -> str:
    """Return a setting as people write it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value) or "none"
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _history(folder: Path) -> list[runs.Epoch]:
    import csv

    path = folder / runs.METRICS
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
        return msgspec.convert(rows, list[runs.Epoch], strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read: {error}", fix="restore it from a backup, or delete it"
        ) from None


def _cells(row: Row) -> tuple[str, ...]:
    return (str(row.n), *(_text(value) for value in (row.rmse, row.cc, row.ccc)))


def _between(interval: tuple[float | None, float | None]) -> str:
    low, high = interval
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
