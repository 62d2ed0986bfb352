"""What taver exported as JSON, for ELAN or as Parquet, as the rows of its table."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from xml.etree import ElementTree as ET

import msgspec

from annotate_web.exchange import formats
from annotate_web.exchange.decode import bytes_of
from annotate_web.exchange.gather import FORMAT, VERSION
from annotate_web.media.slots import RATE_HZ
from taver.core.errors import DataError
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Rows: TypeAlias = "Iterator[tuple[int, list[str]]]"
COLUMNS: Final = ("clip", "time_s", "rater", "state", "arousal", "valence")
_MS_A_FRAME: Final = 1000 // RATE_HZ
# As our own tiers are called; in brackets what keeps a rating from counting.
_TIER: Final = re.compile(rf"(.+) ({'|'.join(Dimension)})(?: \((\w+)\))?\Z")
_Values: TypeAlias = "Mapping[str, list[Any]]"


class _Rating(msgspec.Struct):
    rater: str
    state: str
    values: dict[str, list[float | None]]


class _Clip(msgspec.Struct):
    name: str
    frame_unix_ns: list[int]
    ratings: list[_Rating]


class _Tree(msgspec.Struct):
    format: str
    version: int
    clips: list[_Clip]


def rows_of(path: Path, frames: Mapping[str, int], clip: str) -> tuple[list[str], Rows] | None:
    """Return the head and the rows of such a file; None if it is to be read as CSV.

    `frames` tells how many each clip has, and `clip` which one it is of, if it does not say.
    """
    read = _READERS.get(path.suffix.lower())
    return None if read is None else read(path, frames, clip)


def _json(path: Path, _: Mapping[str, int], __: str) -> tuple[list[str], Rows]:
    try:
        tree = msgspec.json.decode(bytes_of(path), type=_Tree)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _foreign(path, "annotations.json", str(error)) from None
    if tree.format != FORMAT or tree.version > VERSION:
        raise _foreign(path, "annotations.json", "its format or version is another")
    for one in tree.clips:
        lengths = {len(r.values.get(d, ())) for r in one.ratings for d in Dimension}
        if lengths - {len(one.frame_unix_ns)}:
            raise _foreign(path, "annotations.json", f"values of {one.name} are missing")

    def rows() -> Iterator[list[str]]:
        for one in tree.clips:
            for rating in one.ratings:
                yield from _rows(one.name, rating.rater, rating.state, rating.values)

    return list(COLUMNS), enumerate(rows(), 1)


def _eaf(path: Path, frames: Mapping[str, int], clip: str) -> tuple[list[str], Rows]:
    clip = clip or path.stem
    if clip not in frames:
        raise DataError(
            f"{path} does not say of which clip it is: there is none called {clip}",
            fix="name it with --clip; taver annotate status lists them",
        )
    try:
        root = ET.fromstring(bytes_of(path))  # noqa: S314  expat bounds what entities may become
        at = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE", "")) for s in root.iter("TIME_SLOT")}
        said: dict[tuple[str, str], dict[str, list[Any]]] = {}
        for tier in root.iter("TIER"):
            if named := _TIER.match(tier.get("TIER_ID", "")):
                empty: dict[str, list[Any]] = {str(d): [None] * frames[clip] for d in Dimension}
                key = (tier.get("ANNOTATOR") or named[1], named[3] or "")
                _fill(said.setdefault(key, empty)[named[2]], tier, at)
    except (ET.ParseError, ValueError, KeyError) as error:
        raise _foreign(path, "ELAN file", str(error) or type(error).__name__) from None
    if not said:
        raise _foreign(path, "ELAN file", "no tier is called RATER arousal or RATER valence")

    def rows() -> Iterator[list[str]]:
        for (rater, state), values in said.items():
            yield from _rows(clip, rater, state, values)

    return list(COLUMNS), enumerate(rows(), 1)


def _fill(values: list[Any], tier: ET.Element, at: Mapping[str | None, int]) -> None:
    """Give each frame that begins within an annotation its value."""
    for one in tier.iter("ALIGNABLE_ANNOTATION"):
        start, end = (-(-at[one.get(f"TIME_SLOT_REF{n}")] // _MS_A_FRAME) for n in (1, 2))
        if not 0 <= start <= end <= len(values):
            raise ValueError(f"an annotation of {tier.get('TIER_ID')} lies outside of the clip")
        values[start:end] = [(one.findtext("ANNOTATION_VALUE") or "").strip()] * (end - start)


def _parquet(path: Path, _: Mapping[str, int], __: str) -> tuple[list[str], Rows]:
    formats.called("parquet")  # tells what to install where it cannot be read
    bytes_of(path)
    pa = importlib.import_module("pyarrow")  # ships no types
    pq = importlib.import_module("pyarrow.parquet")
    try:
        read = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _foreign(path, "Parquet file", str(error).partition("\n")[0]) from None

    def rows() -> Iterator[list[str]]:
        for batch in read.to_batches():
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield ["" if cell is None else str(cell) for cell in cells]

    return list(read.column_names), enumerate(rows(), 1)


_READERS: Final[dict[str, Callable[..., tuple[list[str], Rows]]]] = {
    ".json": _json,
    ".eaf": _eaf,
    ".parquet": _parquet,
}


def _rows(clip: str, rater: str, state: str, values: _Values) -> Iterator[list[str]]:
    """Yield a row a frame; of somebody who said nothing none, as in our tables."""
    if all(value is None for one in values.values() for value in one):
        return
    pairs = zip(*(values[dimension] for dimension in Dimension), strict=True)
    for frame, pair in enumerate(pairs):
        said = ["" if value is None else str(value) for value in pair]
        yield [clip, str(frame / RATE_HZ), rater, state, *said]


def _foreign(path: Path, what: str, why: str) -> DataError:
    return DataError(
        f"{path} is no {what} that taver can read: {why}",
        fix="export it again as CSV; tables of other programs come in as CSV",
    )
