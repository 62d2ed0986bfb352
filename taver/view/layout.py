"""How the viewer's window is divided at first."""

from __future__ import annotations

from typing import Any

from taver.core.extras import need
from taver.core.frames import Modality
from taver.labels.trace import Dimension
from taver.view import paths

_ORDER = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL, Modality.IR)


def layout(there: tuple[Modality, ...], *, simulated: bool) -> Any:
    """Return pictures above, traces below, events and notes beside them."""
    views = need("rerun.blueprint", extra="view", to="open a session in Rerun")
    mark = " (SIMULATED)" if simulated else ""
    pictures = [
        views.Spatial2DView(origin=paths.picture(m), name=f"{m}{mark}")
        for m in _ORDER
        if m in there
    ]
    rated = [
        views.TimeSeriesView(origin=f"{paths.LABELS}/{d}", name=f"{d}, -10 to 10")
        for d in Dimension
    ]
    return views.Blueprint(
        views.Vertical(
            views.Horizontal(
                *pictures, views.Spatial3DView(origin=paths.WORLD, name=f"the face{mark}")
            ),
            views.Horizontal(
                *rated,
                views.TimeSeriesView(origin=paths.SIGNALS, name="head and mouth"),
                views.Tabs(
                    views.TextLogView(origin=paths.EVENTS, name="events"),
                    views.TextDocumentView(origin=paths.NOTES, name="about"),
                ),
            ),
            row_shares=[2, 1],
        ),
        views.TimePanel(timeline=paths.TIME),
        collapse_panels=True,
    )
