"""The page of what a run says of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core import page, plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from taver.core.page import Markup


def page_of(
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
