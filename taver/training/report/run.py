"""The page of a run: what it was trained on, how that went, how it was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from taver.core import atomic, page, plot
from taver.training import evaluate, runs
from taver.training.report import judged, scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.core.page import Markup

FILE: Final = "report.html"


def page_of(folder: Path) -> str:
    """Return the page of a run: on what it was trained, how that went, how it was judged."""
    run = runs.read(folder)
    history = runs.read_metrics(folder)
    evaluations = evaluate.read_all(folder)
    parts = [_about(run), _curves(history)]
    for found, there in evaluations:
        parts.append(judged.section(found, there, run))
    if not evaluations:
        parts.append(
            page.note(f"Not judged yet: taver evaluate {folder.name}. The test part is untouched.")
        )
    parts.append(_settings(run))
    simulated = run.about.simulated or any(found.simulated for found, _ in evaluations)
    model = run.config.model
    return page.page(
        f"{model.name}: {model.target}", *parts, simulated=simulated, about=f"run {folder.name}"
    )


def write(folder: Path) -> Path:
    """Write report.html of a run."""
    atomic.write_bytes(folder / FILE, page_of(folder).encode())
    return folder / FILE


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
            [plot.Line("CCC", at, [scores.drawable(e.ccc) for e in history], colour="good"),
             plot.Line("RMSE", at, [scores.drawable(e.rmse) for e in history], colour="warn")],
            plot.Axis("epoch"), plot.Axis(), told="validation CCC and RMSE by epoch", width_px=420,
        )  # fmt: skip
        curves.append(page.drawing(ccc, "CCC and RMSE of the validation people, by clip"))
    return page.section("How it went", page.side_by_side(*curves))


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
