"""Opens a database by its URL, makes its tables, and gives connections to read or write by."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event, exc

from annotate_web.db.tables import VERSION, keeping, metadata
from taver.core.errors import DataError, InputError, NotFoundError, StorageError
from taver.core.private import FILE_MODE
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection, Engine

T = TypeVar("T")
_SQLITE: Final = "sqlite"
_POSTGRESQL: Final = "postgresql"
_DRIVERS: Final = {_SQLITE, "sqlite+pysqlite", "postgresql+psycopg"}
_WRITES: Final = "taver_writes"
_PATIENCE_MS: Final = 20_000
# Row of `keeping` that is held while assignments are made, so that no two draws overlap.
DRAW: Final = "draw"
# What leads from one version of the tables to the next.
_STEPS: dict[int, Callable[[Connection], None]] = {}


class _Job:
    """Somebody's wish to write, and what came of it."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False

    def do(self, connection: Connection) -> None:
        try:
            with connection.begin_nested():
                self.value = self.work(connection)
        except Exception as error:  # noqa: BLE001  it is raised where the wish came from
            self.error = error


class Database:
    """An open database of annotations."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite has one writer; threads that queue here do not sleep and poll for it.
        self._one_writer = (
            threading.Lock() if engine.dialect.name == _SQLITE else contextlib.nullcontext()
        )
        self._waiting: deque[_Job] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def called(self) -> str:
        """Return its file, or its URL without the password."""
        return _name(self.engine)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.engine.dialect.name == _SQLITE

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database throughout."""
        with told(self.engine), self.engine.connect() as connection:
            if not self.is_sqlite:  # where this holds of any transaction
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes happen when the block ends well, all or none."""
        with self._one_writer, self._transaction() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` and return what it returns, once it is on the disk for good.

        SQLite waits for the disk at the end of each transaction. Whoever gets to write does so
        for all who wait by then, in one: each is undone alone if it fails, and none is told of
        success before the disk has it.
        """
        if not self.is_sqlite:  # which does this by itself
            with self.writing() as connection:
                return work(connection)
        job = _Job(work)
        self._waiting.append(job)
        with self._one_writer:
            if not job.done:
                self._write_all_waiting()
        if job.error is not None:
            with told(self.engine):
                raise job.error
        return cast("T", job.value)

    def _write_all_waiting(self) -> None:
        jobs = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with self._transaction() as connection:
                for job in jobs:
                    job.do(connection)
        except BaseException as error:
            for job in jobs:
                job.error = error  # the disk has none of them
            raise
        finally:
            for job in jobs:
                job.done = True

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with told(self.engine), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def drawing(self) -> Iterator[Connection]:
        """Give a connection to write by, while nobody else makes assignments."""
        with self.writing() as connection:
            connection.execute(
                sa.select(keeping.c.value).where(keeping.c.name == DRAW).with_for_update()
            )
            yield connection

    def forget(self) -> None:
        """Let what was erased leave SQLite's log, too, though others have the file open."""
        if self.is_sqlite:
            with contextlib.closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def kept(self, name: str) -> str:
        """Return what the database says of itself."""
        with self.reading() as connection:
            value: str = connection.execute(
                sa.select(keeping.c.value).where(keeping.c.name == name)
            ).scalar_one()
        return value

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def address_of(url: str, folder: Path) -> str:
    """Return a database's URL with a relative SQLite file put into `folder`."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == _SQLITE and parsed.database:
        parsed = parsed.set(database=str(folder / parsed.database))
    return parsed.render_as_string(hide_password=False)


def shown(url: str) -> str:
    """Return a database's URL without its password."""
    return _parsed(url).render_as_string(hide_password=True)


def open_database(url: str, *, there: bool = False) -> Database:
    """Open it; tables are made if there are none, and brought to this version.

    With `there`, a SQLite file that does not exist is told of instead of made.
    """
    parsed = _parsed(url)
    sqlite = parsed.get_backend_name() == _SQLITE
    if sqlite:
        if there and not Path(parsed.database or "").is_file():
            raise NotFoundError(
                f"There are no annotations at {parsed.database}",
                fix="begin with: taver annotate serve; or name another with --database",
            )
        _make_private_file(parsed)
    engine = sa.create_engine(parsed, pool_size=24, max_overflow=40, pool_pre_ping=not sqlite)
    if sqlite:
        _listen(engine)
    database = Database(engine)
    try:
        _prepare(database)
    except BaseException:
        engine.dispose()
        raise
    return database


@contextlib.contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Let no trouble with the database out of the block but in words."""
    try:
        yield
    except (
        exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError
    ) as error:  # fmt: skip
        raise _in_words(engine, error) from error
    except exc.ProgrammingError as error:
        if engine.dialect.name == _POSTGRESQL and (fix := _fix_of(str(error))):
            raise StorageError(_cannot(engine, error), fix=fix) from error
        raise
    except exc.DataError as error:  # a character or a number that PostgreSQL keeps none of
        raise InputError(
            f"The database does not take that: {_first_line(error)}",
            fix="leave out what is no letter and no number, or make it shorter",
        ) from error
    except exc.DatabaseError as error:
        if "not a database" in str(error) or "malformed" in str(error):
            raise DataError(
                f"{_name(engine)} is damaged, or no SQLite database",
                fix="check the path; or bring a backup back with: taver annotate restore FILE",
            ) from error
        raise


def _parsed(url: str) -> sa.engine.URL:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except (exc.ArgumentError, ValueError):
        raise InputError(
            ("What was given" if "@" in url else repr(url)) + " is no database URL",
            fix="for example sqlite:///annotations.sqlite, or "
            "postgresql+psycopg://user:password@host/name",
        ) from None
    if backend == _POSTGRESQL and parsed.drivername == _POSTGRESQL:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _DRIVERS or (backend == _SQLITE and not parsed.database):
        raise InputError(
            f"Annotations cannot be kept in {parsed.drivername}"
            + (" without a file" if parsed.drivername in _DRIVERS else ""),
            fix="use sqlite:///FILE, or postgresql+psycopg://user:password@host/name",
        )
    if backend == _SQLITE and parsed.query:
        raise InputError(
            "Annotations in SQLite are opened in one way; there is nothing to choose behind a '?'",
            fix="use sqlite:///FILE, of which the name holds no '?'",
        )
    return parsed


def _make_private_file(parsed: sa.engine.URL) -> None:
    path = Path(parsed.database or "")
    with explained(path):
        # SQLite gives the files beside it the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))


def _listen(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_PATIENCE_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",  # what was acknowledged survives a power cut
            "foreign_keys = ON",
            "secure_delete = ON",  # what was erased is not left in the file
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(database: Database) -> None:
    with database.writing() as connection:
        if not database.is_sqlite:  # two servers that start at once
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7470886)"))
            _refuse_few_letters(connection, database.engine)
        inside = sa.inspect(connection).get_table_names()
        if keeping.name not in inside:
            if set(inside) & set(metadata.tables):
                raise DataError(
                    f"{_name(database.engine)} holds tables of some other program",
                    fix="give annotations a database of their own",
                )
            metadata.create_all(connection)
            connection.execute(
                sa.insert(keeping),
                [
                    {"name": "version", "value": str(VERSION)},
                    {"name": "secret", "value": secrets.token_hex(32)},
                    {"name": DRAW, "value": ""},
                ],
            )
            return
        _upgrade(connection, database.engine)


def _refuse_few_letters(connection: Connection, engine: Engine) -> None:
    letters = connection.execute(sa.text("SHOW server_encoding")).scalar()
    if letters != "UTF8":
        raise InputError(
            f"{_name(engine)} is a database of {letters}, in which most letters cannot be kept",
            fix="make one of UTF8: createdb --encoding UTF8 --template template0 NAME",
        )


def _upgrade(connection: Connection, engine: Engine) -> None:
    its = connection.execute(sa.select(keeping.c.value).where(keeping.c.name == "version")).scalar()
    told = str(its or "")
    if not told.isdecimal() or int(told) < 1:
        raise DataError(
            f"{_name(engine)} does not say of which version its tables are",
            fix="bring a backup back with: taver annotate restore FILE",
        )
    version = int(told)
    if version > VERSION:
        raise DataError(
            f"{_name(engine)} was written by a newer taver (tables of version {version}, "
            f"this one knows {VERSION})",
            fix="update taver, or use the one that wrote it",
        )
    for step in range(version, VERSION):
        _STEPS[step](connection)
    connection.execute(
        sa.update(keeping).where(keeping.c.name == "version").values(value=str(VERSION))
    )


def _name(engine: Engine) -> str:
    if engine.dialect.name == _SQLITE:
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


def _in_words(engine: Engine, error: exc.SQLAlchemyError) -> StorageError:
    if engine.dialect.name == _SQLITE:
        fix = "check the disk it is on: room, permissions; then start again"
    else:
        fix = "check that PostgreSQL runs and that user, password and database are right"
    return StorageError(_cannot(engine, error), fix=fix)


def _fix_of(trouble: str) -> str:
    """Return what to do where PostgreSQL does not let us make or use our tables, or nothing."""
    if "permission denied" in trouble:
        return (
            "let the user own the database (ALTER DATABASE name OWNER TO user); or, as its owner: "
            "GRANT ALL ON SCHEMA public TO user"
        )
    return "correct what stands behind '?' in the URL" if "connection option" in trouble else ""


def _cannot(engine: Engine, error: exc.SQLAlchemyError) -> str:
    return f"The database {_name(engine)} cannot be used: {_first_line(error)}"


def _first_line(error: exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
