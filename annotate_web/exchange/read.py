"""Reads a table into traces, or tells every line that cannot be used."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from annotate_web.exchange.decode import text_of
from annotate_web.exchange.own import rows_of
from annotate_web.exchange.table import FUSED
from annotate_web.media.slots import PERIOD_NS
from taver.core.clock import NS_PER_S
from taver.core.errors import DataError
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from pathlib import Path

    import numpy.typing as npt

    from annotate_web.exchange.mapping import Mapping
    from annotate_web.exchange.own import Rows

_MOST_TOLD: Final = 50
_STATE: Final = "state"  # of a rating, in taver's own exports
# A trace may end a little behind the last picture; what is said there is of no frame.
_BEHIND_NS: Final = 2 * NS_PER_S
# Python alone would take 1_0 for ten, too, and the digits of every script.
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_WHOLE: Final = re.compile(r"[+-]?[0-9]+\Z")
_OTHER_DELIMITERS: Final = (";", "\t", ",", "|")


class Read(NamedTuple):
    """One rater's values of one clip, in order of time; NaN where nothing was judged."""

    clip: str
    rater: str
    unix_ns: npt.NDArray[np.int64]
    values: Map[Dimension, npt.NDArray[np.float64]]
    lines: tuple[int, int]  # of the file, the first and the last
    state: str = ""  # of the rating where it was exported, if the file tells
    unit: str = "line"  # what was counted


class Wanted(NamedTuple):
    """A clip that there is: its name and the times of its frames."""

    name: str
    frame_unix_ns: npt.NDArray[np.int64]


class _Row(NamedTuple):
    line: int
    unix_ns: int
    values: dict[Dimension, float]
    state: str


def traces(
    path: Path, mapping: Mapping, clips: Map[str, Wanted], *, clip: str = "", rater: str = ""
) -> list[Read]:
    """Return the file's traces; `clip` and `rater` are for files without such a column.

    Rows of taver's own fused trace are passed over. Raises DataError with the number of each line
    that cannot be used; then nothing is returned.
    """
    frames = {name: len(one.frame_unix_ns) for name, one in clips.items()}
    own = rows_of(path, frames, clip)
    unit = "line" if own is None else "row"
    head, lines = own or _csv(path, mapping)
    reader = _Reader(mapping, clips, head, clip, rater, path.name, unit)
    rows: dict[tuple[str, str], list[_Row]] = {}
    try:
        for number, cells in lines:
            if any(cell.strip() for cell in cells):
                reader.take(number, cells, rows)
    except _NoTableError as error:
        reader.wrong.append(str(error))
    if not rows and not reader.wrong:
        reader.wrong.append("there is no row with a value")
    if reader.wrong:
        raise _refusal(path, reader.wrong, unit)
    return [_read(key, found, reader.dimensions, unit) for key, found in rows.items()]


class _NoTableError(ValueError):
    """A line that no table has."""


def _csv(path: Path, mapping: Mapping) -> tuple[list[str], Rows]:
    """Return the head of a CSV table, and its other lines with their numbers."""
    text = text_of(path, mapping.text.encoding)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.text.delimiter, strict=True)

    def lines() -> Rows:
        try:
            for cells in table:
                yield table.line_num, cells
        except csv.Error as error:
            raise _NoTableError(f"line {table.line_num}: {error}") from None

    whole = lines()
    try:
        head = next((cells for _, line in whole if any(cells := [c.strip() for c in line])), [])
    except _NoTableError as error:
        raise _refusal(path, [str(error)]) from None
    return head, whole


class _Reader:
    """Turns one line after the other into a row, or into words about what is wrong."""

    def __init__(
        self, mapping: Mapping, clips: Map[str, Wanted], head: list[str], clip: str, rater: str,
        file: str, unit: str,
    ) -> None:  # fmt: skip
        self.wrong: list[str] = []
        self._unit = unit
        self._mapping, self._clips = mapping, clips
        self._clip, self._rater = clip, rater
        self._columns = len(head)
        columns = mapping.columns
        own = {
            "clip": columns.clip if not clip else "",
            "rater": columns.rater if not rater else "",
        }
        self._place: dict[str, int] = {}
        named = {"time": columns.time, "state": _STATE, **own}
        for dimension in Dimension:
            named[dimension] = getattr(columns, dimension)
        missing = []
        for what, name in named.items():
            if name in head:
                self._place[what] = head.index(name)
            elif name and (what == "time" or what in own):
                missing.append(f"{what} ({name!r})")
        self.dimensions = [d for d in Dimension if d in self._place]
        if not self.dimensions:
            missing.append("arousal or valence")
        missing += [f"{what}" for what in own if not own[what] and not getattr(self, f"_{what}")]
        if missing:
            raise DataError(
                f"{file} has no column for {', '.join(missing)}",
                fix=_how_to_name(head, mapping.text.delimiter),
            )
        twice = sorted(
            {head[place] for place in self._place.values() if head.count(head[place]) > 1}
        )
        if twice:
            raise DataError(
                f"{file} has several columns called {', '.join(twice)}",
                fix="give each a name of its own in its first line",
            )

    def take(self, line: int, cells: list[str], into: dict[tuple[str, str], list[_Row]]) -> None:
        """Put the row into its trace."""
        try:
            self._take(line, cells, into)
        except ValueError as error:
            self.wrong.append(f"{self._unit} {line}: {error}")

    def _take(self, line: int, cells: list[str], into: dict[tuple[str, str], list[_Row]]) -> None:
        if len(cells) != self._columns:
            raise ValueError(f"{len(cells)} cells instead of {self._columns}")
        rater = self._rater or cells[self._place["rater"]].strip()
        if rater == FUSED and not self._rater:
            return
        if not rater:
            raise ValueError("the rater is empty")
        theirs = self._clip or cells[self._place["clip"]].strip()
        clip = self._clips.get(self._mapping.clips.get(theirs, theirs))
        if clip is None:
            raise ValueError(f"there is no clip {theirs!r}")
        unix_ns = self._unix_ns(cells[self._place["time"]], clip)
        values = {d: self._value(cells[self._place[d]], d) for d in self.dimensions}
        rows = into.setdefault((clip.name, rater), [])
        if rows and unix_ns <= rows[-1].unix_ns:
            how = "stands still" if unix_ns == rows[-1].unix_ns else "goes back"
            raise ValueError(f"the time {how} (after {self._unit} {rows[-1].line})")
        state = cells[self._place["state"]].strip() if "state" in self._place else ""
        rows.append(_Row(line, unix_ns, values, state))

    def _unix_ns(self, cell: str, clip: Wanted) -> int:
        unit, frames = self._mapping.time.unit, clip.frame_unix_ns
        if unit in {"frame", "unix_ns"}:
            if _WHOLE.match(text := cell.strip()) is None:
                raise ValueError(f"the time {cell[:40]!r} is no whole number")
            whole = int(text)
            if unit == "frame":
                if not 0 <= whole < len(frames):
                    raise ValueError(f"there is no frame {whole}: the clip has {len(frames)}")
                return int(frames[whole])
            unix_ns = whole + round(self._mapping.time.offset_s * NS_PER_S)
        else:
            seconds = self._number(cell, "the time") / (1000.0 if unit == "ms" else 1.0)
            since_ns = round((seconds + self._mapping.time.offset_s) * NS_PER_S)
            # The film's own time: picture k is shown from k tenths of a second on.
            frame, rest = divmod(since_ns, PERIOD_NS)
            if frame < 0:
                raise ValueError(f"the time {cell[:40]} lies before the clip")
            inside = min(frame, len(frames) - 1)
            unix_ns = (
                int(frames[inside]) + (frame - inside) * PERIOD_NS + _within(rest, frames, inside)
            )
        if unix_ns < int(frames[0]):
            raise ValueError(f"the time {cell[:40]} lies before the clip")
        if unix_ns > int(frames[-1]) + _BEHIND_NS:
            raise ValueError(f"the time {cell[:40]} lies behind the clip's end")
        return unix_ns

    def _value(self, cell: str, dimension: Dimension) -> float:
        if cell.strip().lower() in self._mapping.text.missing:
            return math.nan
        scale = self._mapping.scale
        value = self._number(cell, dimension)
        if not scale.lowest <= value <= scale.highest:
            raise ValueError(
                f"{dimension} {value:g} is outside of {scale.lowest:g} to {scale.highest:g}"
            )
        share = (value - scale.lowest) / (scale.highest - scale.lowest)
        return LOWEST + share * (HIGHEST - LOWEST)

    def _number(self, cell: str, what: str) -> float:
        text = cell.strip()
        if self._mapping.text.decimal == ",":
            # A point in such a table parts thousands, and is no comma.
            text = text.translate({ord(","): ".", ord("."): ","})
        value = float(text) if _NUMBER.match(text) else math.nan
        if not math.isfinite(value):
            raise ValueError(f"{what} {cell[:40]!r} is no number")
        return value


def _within(rest: int, frames: npt.NDArray[np.int64], at: int) -> int:
    """Return how far into a frame a moment is: by the time until the next picture was taken."""
    until = int(frames[at + 1] - frames[at]) if at + 1 < len(frames) else PERIOD_NS
    return rest * until // PERIOD_NS


def _read(key: tuple[str, str], rows: list[_Row], dimensions: list[Dimension], unit: str) -> Read:
    return Read(
        *key,
        np.array([row.unix_ns for row in rows], np.int64),
        {d: np.array([row.values[d] for row in rows], np.float64) for d in dimensions},
        (rows[0].line, rows[-1].line),
        rows[0].state,
        unit,
    )


def _how_to_name(head: list[str], delimiter: str) -> str:
    if len(head) == 1:
        for other in _OTHER_DELIMITERS:
            if other != delimiter and other in head[0]:
                shown = "\\t" if other == "\t" else other
                return (
                    "its columns seem to be parted otherwise; say so in a mapping file: "
                    f'[text] delimiter = "{shown}"'
                )
    return f"name its columns in a mapping file; its first line has: {', '.join(head) or 'none'}"


def _refusal(path: Path, wrong: list[str], unit: str = "line") -> DataError:
    told: list[Any] = wrong[:_MOST_TOLD]
    if len(wrong) > _MOST_TOLD:
        told.append(f"and {len(wrong) - _MOST_TOLD} more {unit}s")
    return DataError(
        f"{len(wrong)} {unit}{'s' if len(wrong) > 1 else ''} of {path} cannot be used",
        fix="mend them, or tell in a mapping file how they are meant; nothing was imported",
        problems=told,
    )
