"""Looks for a person in everything that a study's folder and database hold.

Names of files and folders, every text, every attribute of a Zarr group, the header of every
recording and every cell of every database are looked at. Not looked into are pixels: chunks of
arrays, pictures, films; and models, of which those that the person trained are told apart.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core.errors import TaverError
from taver.core.recording.reader import StreamReader
from taver.core.storage import explained
from taver.dataset.forget import datasets, ratings, words
from taver.dataset.forget.folders import everything, told
from taver.dataset.stores import calm, is_remote, open_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.forget.who import Who

_PIXELS: Final = frozenset({
    ".png", ".jpg", ".jpeg", ".webm", ".mp4", ".mkv", ".npy", ".npz", ".ckpt", ".pt", ".pt2",
    ".pth", ".safetensors", ".onnx", ".opus", ".wav", ".flac",
})  # fmt: skip
_SQLITE: Final = b"SQLite format 3\0"
_CHUNK: Final = re.compile(r"c(\.\d+)*")  # of Zarr, beside the array's zarr.json


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and where the person was found."""

    files: int
    cells: int
    traces: tuple[str, ...]


def scan(study: Study, who: Who, progress: Progress) -> Scan:
    """Look everywhere in the study for the person."""
    paths = everything(study)
    progress.begin(f"Looking for {who.name}", len(paths))
    traces: list[str] = []
    files = cells = 0
    for path in paths:
        progress.advance()
        inside = told(path, study)
        if who.named_in(path.name):
            traces.append(f"{inside}: its name")
        with explained(path):
            if not path.is_file():
                continue
        files += 1
        found, looked_at = _in_file(path, who)
        cells += looked_at
        traces += [f"{inside}: {where}" for where in found]
    with ratings.opened(study) as database:
        if database is not None and not database.is_sqlite:
            found, looked_at = _in_tables(database, who)
            cells += looked_at
            traces += found
    for store in datasets.of_study(study):
        if is_remote(store):
            traces += _in_store(store, who)
    return Scan(files=files, cells=cells, traces=tuple(traces))


def _in_file(path: Path, who: Who) -> tuple[list[str], int]:
    """Return where in a file the person is named, and how many cells of a database that were."""
    if path.suffix == ".mcap":
        return _in_recording(path, who), 0
    if path.suffix in _PIXELS or _is_chunk(path):
        return [], 0
    with explained(path), path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        return _in_sqlite(path, who)
    return (["its text"] if words.named_in(path, who) else []), 0


def _in_recording(path: Path, who: Who) -> list[str]:
    try:
        with StreamReader(path) as reader:
            named = (reader.header.participant, reader.header.session)
    except TaverError:
        return ["it is damaged, and nobody can tell whose it is"]
    return ["its header"] if any(who.named_in(name) for name in named) else []


def _is_chunk(path: Path) -> bool:
    """Tell whether it is a chunk of an array: called `c.0.1`, or in folders `c/0/1`."""
    if _CHUNK.fullmatch(path.name) and (path.parent / "zarr.json").is_file():
        return True
    return any(
        folder.name == "c" and (folder.parent / "zarr.json").is_file() for folder in path.parents
    )


def _in_sqlite(path: Path, who: Who) -> tuple[list[str], int]:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        try:
            tables = [
                name
                for (name,) in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
            ]
            rows = {
                table: database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  its own names
                for table in tables
            }
        except sqlite3.DatabaseError as error:
            return [f"it cannot be read ({error})"], 0
    return _in_cells(rows, who)


def _in_tables(database: Any, who: Who) -> tuple[list[str], int]:
    import sqlalchemy as sa

    with database.reading() as connection:
        names = sa.inspect(connection).get_table_names()
        rows = {
            name: connection.execute(sa.select(sa.text("*")).select_from(sa.table(name))).all()
            for name in names
        }
    return _in_cells(rows, who)


def _in_cells(tables: dict[str, list[Any]], who: Who) -> tuple[list[str], int]:
    traces, cells = [], 0
    for table, rows in tables.items():
        hits = 0
        for row in rows:
            cells += len(row)
            hits += any(who.named_in(_as_text(cell)) for cell in row)
        if hits:
            traces.append(f"the table {table}: {hits} rows")
    return traces, cells


def _as_text(cell: Any) -> Any:
    return str(cell) if isinstance(cell, (dict, list)) else cell


def _in_store(store: str, who: Who) -> Iterator[str]:
    """Yield where in a dataset that is elsewhere the person is named."""
    root = open_root(store)
    with calm():
        members = [("", root), *root.members(max_depth=None)]
    for path, node in members:
        if who.named_in(path) or who.named_in(str(dict(node.attrs))):
            yield f"{store}/{path}"
    told = tuple(f"{path}/" for path, _ in members if who.named_in(path))
    for key in datasets.keys(store):  # some may be of nothing that a dataset knows
        if who.named_in(key) and not key.partition("/")[2].startswith(told):
            yield f"{store.rpartition('/')[0]}/{key}"
