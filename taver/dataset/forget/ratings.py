"""Takes a person's clips out of the annotation database, with all that was said of them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annotate_web.db.open import Database
    from taver.core.study import Study
    from taver.dataset.forget.who import Who

FORGOTTEN: Final = "(forgotten)"
_IN_FILE: Final = "sqlite:///"


def path_of(study: Study) -> Path | None:
    """Return where the database is, if it is a file."""
    url = study.config.annotation.database
    return study.folder / url.removeprefix(_IN_FILE) if url.startswith(_IN_FILE) else None


@contextlib.contextmanager
def opened(study: Study) -> Iterator[Database | None]:
    """Open the study's annotations; None where there are none yet."""
    path = path_of(study)
    if path is not None and not path.is_file():
        yield None
        return
    need("sqlalchemy", extra="web", to="reach the annotations")
    from annotate_web.db.open import address_of, open_database

    database = open_database(address_of(study.config.annotation.database, study.folder))
    try:
        yield database
    finally:
        database.close()


def films_of(database: Database, who: Who) -> tuple[str, ...]:
    """Return the files' names of the person's clips."""
    import sqlalchemy as sa

    from annotate_web.db.tables import clips

    with database.reading() as connection:
        rows = connection.execute(sa.select(clips.c.media).where(_theirs(who)))
        return tuple(sorted(media for (media,) in rows))


def clips_of_others(database: Database, who: Who) -> list[str]:
    """Return names and phases of everybody else's clips."""
    import sqlalchemy as sa

    from annotate_web.db.tables import clips

    with database.reading() as connection:
        rows = connection.execute(sa.select(clips.c.name, clips.c.phase).where(~_theirs(who)))
        return [word for row in rows for word in row if word]


def count(database: Database, who: Who) -> dict[str, int]:
    """Count the rows that would be removed, by table."""
    import sqlalchemy as sa

    with database.reading() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table).where(condition)
            ).scalar_one()
            for table, condition in _rows(who)
        }


def remove(database: Database, who: Who) -> dict[str, int]:
    """Delete them, and take the person's words out of the records of who did what."""
    import sqlalchemy as sa

    with database.writing() as connection:
        gone = {
            table.name: connection.execute(sa.delete(table).where(condition)).rowcount
            for table, condition in _rows(who)
        }
        gone["audit"] = _redact(connection, who)
    _tidy(database)
    return gone


def _rows(who: Who) -> list[tuple[Any, Any]]:
    """Return which rows of which tables are of the person, the innermost first."""
    import sqlalchemy as sa

    from annotate_web.db.tables import assignments, clips, events, sittings

    theirs = sa.select(clips.c.id).where(_theirs(who))
    dealt = sa.select(assignments.c.id).where(assignments.c.clip_id.in_(theirs))
    sat = sa.select(sittings.c.id).where(sittings.c.assignment_id.in_(dealt))
    return [
        (events, events.c.sitting_id.in_(sat)),
        (sittings, sittings.c.assignment_id.in_(dealt)),
        (assignments, assignments.c.clip_id.in_(theirs)),
        (clips, _theirs(who)),
    ]


def _theirs(who: Who) -> Any:
    from annotate_web.db.tables import clips

    return clips.c.session.in_(who.sessions)


def _redact(connection: Any, who: Who) -> int:
    """Blank what the audit's rows say of the person; that something was done stays on record."""
    import sqlalchemy as sa

    from annotate_web.db.tables import audit

    told = 0
    for row in connection.execute(sa.select(audit.c.id, audit.c.about, audit.c.detail)).all():
        if who.named_in(row.about) or who.named_in(str(row.detail)):
            connection.execute(
                sa.update(audit)
                .where(audit.c.id == row.id)
                .values(about=FORGOTTEN, detail=sa.null())
            )
            told += 1
    return told


def _tidy(database: Database) -> None:
    """Let nothing of what was deleted stay in the database's files."""
    from annotate_web.db.open import told

    with told(database.engine), database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.rollback()
            raw: Any = connection.connection.dbapi_connection
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        from annotate_web.db.tables import assignments, audit, clips, events, sittings

        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in (events, sittings, assignments, clips, audit):
            alone.exec_driver_sql(f"VACUUM FULL {table.name}")
