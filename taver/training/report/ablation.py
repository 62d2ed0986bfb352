"""A table of the paper with your own figures beside the printed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core import atomic, page, plot
from taver.training import runs
from taver.training.published import TABLES
from taver.training.report import scores

if TYPE_CHECKING:
    from pathlib import Path

    from taver.training.ablate import Ablation

FILE: Final = "ablation.html"
COLUMNS: Final = (
    "", "RMSE printed", "CC printed", "CCC printed", "RMSE", "CC", "CCC", "CCC of seeds", "note",
)  # fmt: skip


def write(folder: Path, found: Ablation) -> Path:
    """Write the table as HTML, Markdown and CSV; return the page."""
    table = TABLES[found.what]
    rows = cells(found)
    head = [
        f"# {table.title} ({table.name})",
        "",
        *(["**SIMULATED DATA**", ""] if found.simulated else []),
        f"{table.note} Here: {about(found)}.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
    atomic.write_bytes(folder / "ablation.md", "\n".join(head).encode())
    runs.write_table(folder / "ablation.csv", ("variant", *COLUMNS[1:]), rows)
    atomic.write_bytes(folder / FILE, page_of(found).encode())
    return folder / FILE


def page_of(found: Ablation) -> str:
    """Return the page of a table of the paper, with your own figures beside."""
    table = TABLES[found.what]
    lines = [line for line in found.lines if line.ccc is not None or line.printed]
    bars = plot.drawn(
        [
            plot.columns("printed", [line.printed[2] if line.printed else np.nan for line in lines],
                         place=0, of=2, colour="faint"),
            plot.columns("here", [scores.drawable(line.ccc) for line in lines],
                         place=1, of=2, colour="valence"),
        ],
        plot.Axis(names=[line.label for line in lines]),
        plot.Axis("CCC", low=0.0),
        told=f"CCC of {len(lines)} rows, printed and reached here",
    )  # fmt: skip
    return page.page(
        f"{table.title}, beside {table.name}",
        page.text(f"{table.note} Here: {about(found)}."),
        page.note(
            "The printed figures were reached on other people with other labels: what can be "
            "compared is the order of the rows, not their height."
        ),
        page.drawing(bars, "CCC, printed and reached here"),
        page.table(COLUMNS, cells(found), right=" rrrrrrr "),
        simulated=found.simulated,
    )


def cells(found: Ablation) -> list[list[str]]:
    """Return the table's cells as text."""
    return [
        [
            line.label,
            *(_text(value) for value in line.printed or (None, None, None)),
            _text(line.rmse),
            _text(line.cc),
            _text(line.ccc),
            f"{_text(line.lowest)} to {_text(line.highest)}" if line.seeds > 1 else "",
            line.note,
        ]
        for line in found.lines
    ]


def about(found: Ablation) -> str:
    """Say in words on what the figures stand."""
    return (
        f"{found.target} of {found.dataset}, by {found.unit}, post-processing {found.post}; "
        "printed: valence of the authors' data"
    )


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
