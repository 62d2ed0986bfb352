"""The page of a cross-validation by person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taver.core import atomic, page
from taver.training.report import scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.core.page import Markup
    from taver.training.cross import Cross

FILE: Final = "cross.html"


def write(folder: Path, results: Sequence[Cross]) -> Path:
    """Write the page of every target; return it."""
    atomic.write_bytes(folder / FILE, page_of(results).encode())
    return folder / FILE


def page_of(results: Sequence[Cross]) -> str:
    """Return the page of a cross-validation by person."""
    parts = []
    for found in results:
        rows = [
            ("all values", *scores.cells(found.all)),
            ("mean of people", *scores.cells(found.mean)),
            *((person, *scores.cells(row)) for person, row in found.people.items()),
        ]
        folds = [(name, *scores.cells(row)) for name, row in found.folds.items()]
        parts += [
            page.section(
                found.target,
                page.table(scores.COLUMNS, rows, right=scores.RIGHT),
                page.text("Each fold by itself:"),
                page.table(scores.COLUMNS, folds, right=scores.RIGHT),
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
    rows = [(f"seed {seed}, all values", *scores.cells(row)) for seed, row in found.seeds.items()]
    return [page.text(f"{told}:"), page.table(scores.COLUMNS, rows, right=scores.RIGHT)]
