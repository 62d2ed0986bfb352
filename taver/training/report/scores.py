"""Scores as cells of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from taver.training.evaluate import Row

COLUMNS: Final = ("", "n", "RMSE", "CC", "CCC")
RIGHT: Final = " rrrr"


def cells(row: Row) -> tuple[str, ...]:
    """Return how many values were judged, and their scores."""
    return (str(row.n), *(text(value) for value in (row.rmse, row.cc, row.ccc)))


def between(interval: tuple[float | None, float | None]) -> str:
    """Return an interval as text, or nothing where there is none."""
    low, high = interval
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def text(value: float | None) -> str:
    """Return a score as text."""
    return "-" if value is None else f"{value:.3f}"


def drawable(value: float | None) -> float:
    """Return a score as it can be drawn: what is missing leaves a gap."""
    return float("nan") if value is None else value
