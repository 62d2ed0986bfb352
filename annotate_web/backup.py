"""All annotations as one file, made while people work, and brought back whole or not at all.

A ZIP file: about.json (versions, counts, digests), one tables/NAME.jsonl a table, the films. Rows
are read in one transaction, so they belong together, whatever arrives in the meantime; and they
may be brought back into the other kind of database. Log-ins, the secret that signs cookies and
failed attempts are left out: a lost backup opens no session.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
import zlib
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa

from annotate_web.db.tables import VERSION, keeping, login_attempts, metadata, web_sessions
from taver import __version__
from taver.core import atomic
from taver.core.digest import sha256_of
from taver.core.errors import AlreadyThereError, DataError, NotFoundError, TaverError
from taver.core.private import FILE_MODE, make_private_folder
from taver.core.storage import explain, explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database

FORMAT: Final = "taver-annotations"
_ABOUT: Final = "about.json"
_LEFT_OUT: Final = (keeping, web_sessions, login_attempts)
_AT_ONCE: Final = 2000
_CHUNK: Final = 1 << 20
_LATEST_NS: Final = 2**63 - 1
# All that reading a file may raise which is no ZIP file, was cut, or was changed.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, LookupError, TypeError, ValueError,
    OverflowError, sa.exc.SQLAlchemyError,
)  # fmt: skip


class Kept(NamedTuple):
    """What is in a backup."""

    rows: dict[str, int]  # by table
    films: int
    missing: tuple[str, ...] = ()  # films that were not there when it was made
    made_ns: int = 0


class _About(msgspec.Struct):
    """What a backup says of itself."""

    format: str
    version: int
    rows: dict[str, int]
    sha256: dict[str, str]
    missing: list[str] = []
    made_ns: Annotated[int, msgspec.Meta(ge=0, le=_LATEST_NS)] = 0


def back_up(database: Database, media: Path | None, path: Path, now_ns: int) -> Kept:
    """Write a backup to `path`, which must not be there; without `media` films are left out."""
    with explained(path):
        if path.exists():
            raise AlreadyThereError(
                f"{path} is there already", fix="choose another name; backups are not overwritten"
            )
    digests: dict[str, str] = {}
    rows: dict[str, int] = {}
    with explained(path), atomic.replacing(path) as beside:
        try:
            beside.touch(mode=FILE_MODE)
        except OSError as error:
            raise explain(error, path) from error  # people know this name, not the one beside it
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            with database.reading() as connection:
                for table in _tables():
                    rows[table.name] = _write_table(archive, connection, table, digests)
                names = _films_in_use(connection)
            films = [media / name for name in names] if media else []
            missing = [film.name for film in films if not film.is_file()]
            for film in films:
                if film.is_file():
                    _write_film(archive, film, digests)
            about = {
                "format": FORMAT, "version": VERSION, "software": f"taver {__version__}",
                "made_ns": now_ns, "rows": rows, "sha256": digests, "missing": missing,
            }  # fmt: skip
            archive.writestr(_ABOUT, json.dumps(about, indent=1))
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
    return Kept(rows, len(films) - len(missing), tuple(missing), now_ns)


def restore(database: Database, media: Path, path: Path) -> Kept:
    """Bring a backup back into an empty database: all of it, or nothing."""
    with explained(path):
        if not path.is_file():
            raise NotFoundError(f"There is no file {path}", fix="check the path")
        try:
            with zipfile.ZipFile(path) as archive:
                about = _checked(archive, path)
                return _restore(database, media, archive, about)
        except TaverError:
            raise
        except _DAMAGE as error:
            first = str(error).partition("\n")[0] or type(error).__name__
            raise _damaged(path, first) from error


def _restore(database: Database, media: Path, archive: zipfile.ZipFile, about: _About) -> Kept:
    films = [name for name in about.sha256 if name.startswith("media/")]
    with database.drawing() as connection:
        _refuse_full(database, connection)
        for table in _tables():
            for some in _chunks(_read_table(archive, table)):
                connection.execute(sa.insert(table), some)
            _count_on(connection, table)
        with explained(media):
            if films and not media.is_dir():
                make_private_folder(media)
        for name in films:
            _restore_film(archive, name, media / name.removeprefix("media/"), about)
    return Kept(about.rows, len(films), tuple(about.missing), about.made_ns)


def _tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table not in _LEFT_OUT]


def _write_table(
    archive: zipfile.ZipFile, connection: Connection, table: sa.Table, digests: dict[str, str]
) -> int:
    digest, count, name = hashlib.sha256(), 0, f"tables/{table.name}.jsonl"
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(
        sa.select(table).order_by(*table.primary_key)
    )
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            line = json.dumps(row._asdict(), default=_bytes, ensure_ascii=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
    digests[name] = digest.hexdigest()
    return count


def _write_film(archive: zipfile.ZipFile, film: Path, digests: dict[str, str]) -> None:
    digest, name = hashlib.sha256(), f"media/{film.name}"
    made = zipfile.ZipInfo(name)
    made.compress_type = zipfile.ZIP_STORED  # it is compressed
    with film.open("rb") as source, archive.open(made, "w", force_zip64=True) as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    digests[name] = digest.hexdigest()


def _films_in_use(connection: Connection) -> list[str]:
    clips = metadata.tables["clips"]
    return list(connection.execute(sa.select(clips.c.media).order_by(clips.c.id)).scalars())


def _checked(archive: zipfile.ZipFile, path: Path) -> _About:
    """Return what the backup says of itself, after looking at every byte of it."""
    about = msgspec.json.decode(archive.read(_ABOUT), type=_About)
    if about.format != FORMAT or about.version > VERSION:
        raise DataError(
            f"{path} is no backup that this taver reads",
            fix="check the path; a newer backup needs a newer taver",
        )
    for name, wanted in about.sha256.items():
        plain = name.removeprefix("media/").removeprefix("tables/")
        if "/" in plain or "\\" in plain or plain in {"", ".", ".."}:
            raise _damaged(path, f"{name!r} leads out of it")
        digest = hashlib.sha256()
        with archive.open(name) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != wanted:
            raise _damaged(path, f"{name} is not what was written")
    if {f"tables/{table.name}.jsonl" for table in _tables()} - set(about.sha256):
        raise _damaged(path, "a table is missing")
    return about


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is damaged: {why}", fix="use another backup; nothing was changed")


def _refuse_full(database: Database, connection: Connection) -> None:
    there = database.engine.url.database
    away = (
        f"; or stop the server, and move {there} away (with {there}-wal, if that is there)"
        if database.is_sqlite
        else ""
    )
    for table in _tables():
        if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar():
            raise AlreadyThereError(
                f"The database has {table.name} in it, and a backup is never mixed with others",
                fix=f"give an empty one with --database{away}",
            )


def _read_table(archive: zipfile.ZipFile, table: sa.Table) -> Iterator[dict[str, Any]]:
    binary = [c.name for c in table.columns if isinstance(c.type, sa.LargeBinary)]
    with archive.open(f"tables/{table.name}.jsonl") as file:
        for line in file:
            row = json.loads(line)
            for name in binary:
                row[name] = base64.b64decode(row[name])
            yield row


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _count_on(connection: Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows behind those that were brought in; SQLite does so."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    if isinstance(table.columns["id"].type, sa.String):
        return
    highest = connection.execute(sa.select(sa.func.max(table.columns["id"]))).scalar()
    if highest:
        connection.execute(
            sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), highest))
        )


def _restore_film(archive: zipfile.ZipFile, name: str, path: Path, about: _About) -> None:
    """Put a film back; one that is there with other content is not overwritten."""
    if path.exists():
        if sha256_of(path) == about.sha256[name]:
            return
        raise AlreadyThereError(
            f"{path} is there, and is another film", fix="restore into another folder: --media"
        )
    with explained(path), atomic.replacing(path) as beside:
        beside.touch(mode=FILE_MODE)
        with archive.open(name) as source, beside.open("wb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)


def _bytes(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(type(value))
