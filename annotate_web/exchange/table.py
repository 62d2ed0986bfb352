"""Tracks and events as tables: one row a frame and rater, one row an event."""

from __future__ import annotations

import csv
import importlib
import io
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from annotate_web.exchange.gather import EVENT
from annotate_web.media.slots import RATE_HZ
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from annotate_web.exchange.gather import Gathered
    from annotate_web.lead.rated import Rated

FUSED: Final = "fused"
DIGITS: Final = 9  # behind the point: what an imported value keeps
COLUMNS: Final = (
    "clip", "session", "frame", "time_s", "unix_ns", "rater", "state", "arousal", "valence",
    "simulated",
)  # fmt: skip


def tracks(gathered: Gathered) -> Iterator[tuple[Any, ...]]:
    """Yield a row a frame and rater, and of the fused trace; None where nothing was said."""
    for one in gathered.clips:
        for rater, state, values in _all(one):
            frames = range(len(one.frame_unix_ns))
            for frame, unix_ns, arousal, valence in zip(
                frames, one.frame_unix_ns.tolist(), *_said(values), strict=True
            ):
                yield (
                    one.clip.name, one.clip.session, frame, frame / RATE_HZ, unix_ns, rater, state,
                    arousal, valence, one.clip.simulated,
                )  # fmt: skip


def tracks_csv(gathered: Gathered) -> bytes:
    """Return the tracks as CSV; what nobody said is empty."""
    return _csv(COLUMNS, tracks(gathered))


def events_csv(gathered: Gathered) -> bytes:
    """Return every event as it was taken in, as CSV."""
    return _csv(("clip", "rater", *EVENT), _events(gathered))


def tracks_parquet(gathered: Gathered) -> bytes:
    """Return the tracks as Parquet, with the provenance in its metadata."""
    pa = importlib.import_module("pyarrow")  # ships no types
    pq = importlib.import_module("pyarrow.parquet")

    kinds = (
        pa.string(), pa.string(), pa.int32(), pa.float64(), pa.int64(), pa.string(), pa.string(),
        pa.float64(), pa.float64(), pa.bool_(),
    )  # fmt: skip
    rows = list(tracks(gathered))
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(kinds)
    schema = pa.schema(
        list(zip(COLUMNS, kinds, strict=True)),
        metadata={"taver": json.dumps(gathered.provenance)},
    )
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    data = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), data, compression="zstd")
    return data.getvalue()


def _all(one: Rated) -> Iterator[tuple[str, str, dict[Dimension, npt.NDArray[np.float64]]]]:
    for rating in one.ratings:
        if rating.covered > 0:
            yield rating.rater, str(rating.state), dict(rating.values)
    if one.counted:
        yield FUSED, "", {dimension: one.fused(dimension).values for dimension in Dimension}


def _said(values: dict[Dimension, npt.NDArray[np.float64]]) -> list[list[float | None]]:
    return [
        [None if np.isnan(v) else round(v, DIGITS) for v in values[dimension].tolist()]
        for dimension in (Dimension.AROUSAL, Dimension.VALENCE)
    ]


def _events(gathered: Gathered) -> Iterator[tuple[Any, ...]]:
    for one in gathered.clips:
        for rating in one.ratings:
            for row in gathered.events[rating.assignment]:
                told = [getattr(row, name) for name in EVENT[:-1]]
                body = json.dumps(row.body, ensure_ascii=False) if row.body else None
                yield (one.clip.name, rating.rater, *told, body)


def _csv(columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # A table program would run a cell that begins so; a comment may say anything.
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return f"{value:.10g}" if isinstance(value, float) else value
