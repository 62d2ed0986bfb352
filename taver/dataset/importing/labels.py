"""Labels as others write them: a table with times and values, one column or one a rater."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import DataError
from taver.core.nearest import nearest
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

DIMENSIONS: Final = ("arousal", "valence")
GIVEN: Final = "given"  # the rater's name where labels come without one
_TIMES: Final = ("time", "timestamp", "time_s", "seconds", "frametime")
_FRAMES: Final = ("frame", "frame_number", "slot")
_NOTHING: Final = frozenset({"", "nan", "na", "?", "-"})


class Labels(NamedTuple):
    """What was said of one film: at each time a value a rater, by dimension; NaN is nothing."""

    times_ns: npt.NDArray[np.int64]
    raters: tuple[str, ...]
    values: Mapping[str, npt.NDArray[np.float64]]  # (times, raters)


class Table(NamedTuple):
    """A file of labels: its columns' names and its rows."""

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]  # of the file, that the rows stand in

    def number(self, row: int, column: int) -> float:
        """Return a cell as a number; NaN where it says nothing."""
        text = self.rows[row][column].strip().strip("'\"")
        if text.lower() in _NOTHING:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if not math.isinf(value):
            return value
        raise DataError(
            f"{self.path}, line {self.lines[row]}: {text!r} in the column {self.names[column]!r} "
            "is no number",
            fix="correct it; leave the cell empty where nothing was said",
        )


def table(path: Path) -> Table:
    """Read a table with a header, its cells parted by commas, semicolons or tabs."""
    lines, rows = _cells(path)
    if len(rows) < 2:
        raise DataError(f"{path} holds no labels", fix="give a header and a row a moment")
    # Programs that end each line with a mark make a column of nothing.
    wide = max(place for row in rows for place, cell in enumerate(row, start=1) if cell)
    rows = [row[:wide] for row in rows]
    names = _names(rows[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            raise DataError(
                f"{path}, line {line} has {len(row)} cells, the header {len(names)}",
                fix="correct that line",
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path} has several columns called {twice[0]!r}", fix="give each its own name"
        )
    return Table(path, names, rows[1:], lines[1:])


def is_of_labels(path: Path) -> bool:
    """Tell whether a table's header names arousal or valence."""
    with explained(path), path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
    names = _names(first.split(_mark(first)))
    return any(name.startswith(dimension) for name in names for dimension in DIMENSIONS)


def _cells(path: Path) -> tuple[list[int], list[list[str]]]:
    """Return the rows of a table, its header too, and the lines of the file that they end in."""
    with explained(path):
        text = path.read_text("utf-8-sig", "replace")
    reader = csv.reader(text.splitlines(), delimiter=_mark(text.partition("\n")[0]))
    lines, rows = [], []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                lines.append(reader.line_num)
                rows.append(cells)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: {error}",
            fix="a quotation mark may be open; correct that line",
        ) from None
    return lines, rows


def _mark(first: str) -> str:
    return max(",;\t", key=first.count)


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().strip("'\"").lower() for name in cells)


def of_one_table(path: Path, rate_hz: float) -> Labels:
    """Read times, and `arousal` and `valence`, or `arousal_NAME` for each rater."""
    found = table(path)
    times_ns = _times_ns(found, rate_hz)
    columns = {name: _columns(found, name) for name in DIMENSIONS}
    if not any(columns.values()):
        raise DataError(
            f"{path} has neither arousal nor valence (it has: {', '.join(found.names)})",
            fix="call its columns arousal and valence, or arousal_NAME for each rater",
        )
    raters = tuple(sorted({rater for by_rater in columns.values() for rater in by_rater}))
    values = {
        name: np.array([
            [found.number(row, by_rater[r]) if r in by_rater else math.nan for r in raters]
            for row in range(len(found.rows))
        ])
        for name, by_rater in columns.items()
    }  # fmt: skip
    return _checked(found, Labels(times_ns, raters, values))


def of_tables(paths: Mapping[str, Path], rate_hz: float) -> Labels:
    """Read a table a dimension, in each a column a rater."""
    tables = {name: table(path) for name, path in paths.items()}
    parts = {}
    for name, found in tables.items():
        at = _time_column(found)
        raters = [n for n in found.names if n != found.names[at]]
        values = np.array([
            [found.number(row, found.names.index(r)) for r in raters]
            for row in range(len(found.rows))
        ])  # fmt: skip
        parts[name] = _checked(
            found, Labels(_times_ns(found, rate_hz), tuple(raters), {name: values})
        )
    return together(parts)


def together(parts: Mapping[str, Labels]) -> Labels:
    """Join the dimensions: at all times of any, by all raters of any."""
    times = np.unique(np.concatenate([part.times_ns for part in parts.values()]))
    raters = tuple(sorted({rater for part in parts.values() for rater in part.raters}))
    values = {}
    for name in DIMENSIONS:
        values[name] = np.full((len(times), len(raters)), np.nan)
        if name in parts:
            part = parts[name]
            rows = np.searchsorted(times, part.times_ns)
            for place, rater in enumerate(part.raters):
                values[name][rows, raters.index(rater)] = part.values[name][:, place]
    return Labels(times, raters, values)


def on_slots(
    labels: Labels, slots_ns: npt.NDArray[np.int64], reach_ns: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the value nearest to each slot, (slots, raters); NaN where none is in reach."""
    times = labels.times_ns
    places = nearest(times, slots_ns)
    usual = int(np.median(np.diff(times))) if len(times) > 1 else 0
    near = np.abs(times[places] - slots_ns) <= max(reach_ns, usual // 2 + 1)
    return {
        name: np.where(near[:, None], values[places], np.nan)
        for name, values in labels.values.items()
    }


def _times_ns(found: Table, rate_hz: float) -> npt.NDArray[np.int64]:
    at = _time_column(found)
    times = np.array([found.number(row, at) for row in range(len(found.rows))])
    if not np.isfinite(times).all():
        row = int(np.flatnonzero(~np.isfinite(times))[0])
        raise DataError(
            f"{found.path}, line {found.lines[row]} has no time", fix="correct that line"
        )
    if found.names[at] in _FRAMES:
        times = times / rate_hz
    return np.asarray(np.rint(times * NS_PER_S), np.int64)


def _time_column(found: Table) -> int:
    for name in (*_TIMES, *_FRAMES):
        if name in found.names:
            return found.names.index(name)
    raise DataError(
        f"{found.path} has no column of times (it has: {', '.join(found.names)})",
        fix=f"call it one of: {', '.join((*_TIMES, *_FRAMES))}",
    )


def _columns(found: Table, dimension: str) -> dict[str, int]:
    """Return which column each rater's values are in."""
    columns = {}
    for place, name in enumerate(found.names):
        if name == dimension:
            columns[GIVEN] = place
        elif name.startswith(f"{dimension}_"):
            columns[name.removeprefix(f"{dimension}_")] = place
    return columns


def _checked(found: Table, labels: Labels) -> Labels:
    steps = np.diff(labels.times_ns)
    if (steps <= 0).any():
        line = found.lines[int(np.flatnonzero(steps <= 0)[0]) + 1]
        raise DataError(
            f"{found.path}, line {line}: time goes back or stands",
            fix="sort the rows; keep one a moment",
        )
    return labels


def beyond(labels: Labels, scale: Sequence[float]) -> tuple[str, float] | None:
    """Return a dimension and its value that leaves the scale, if there is one."""
    for name, values in labels.values.items():
        said = values[np.isfinite(values)]
        wrong = said[(said < scale[0]) | (said > scale[1])]
        if len(wrong):
            return name, float(wrong[0])
    return None
