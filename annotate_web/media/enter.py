"""New clips in the database, and their films in the folder: both, or neither."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from annotate_web.db.tables import clips
from annotate_web.people import audit
from taver.core import atomic
from taver.core.errors import AlreadyThereError
from taver.core.private import make_private_folder
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from annotate_web.db.open import Database


_ABANDONED_S: Final = 3600.0  # a film that is being made grows every second


def enter(database: Database, session: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put the rows of new clips into the database, all or none."""
    with database.writing() as connection:
        for row in rows:
            if not row["practice"]:
                refuse_overlap(connection, session, row["from_unix_ns"], row["until_unix_ns"])
            _refuse_taken(connection, row["name"])
        connection.execute(sa.insert(clips), list(rows))
        for row in rows:
            audit.record(connection, row["added_ns"], None, "clip added", row["name"])


def refuse_taken(database: Database, name: str) -> None:
    """Raise if there is a clip of that name."""
    with database.reading() as connection:
        _refuse_taken(connection, name)


def film_name(clip: str) -> str:
    """Return what a new film is called: like no other, whoever makes one of that name, too."""
    return f"{clip}-{secrets.token_hex(4)}.webm"


def packed(unix_ns: npt.NDArray[np.int64]) -> bytes:
    """Return frame times as they are kept."""
    return unix_ns.astype("<i8").tobytes()


@contextlib.contextmanager
def files_of(media: Path) -> Iterator[list[Path]]:
    """Make the folder, and give a list; files noted in it are deleted if the block fails."""
    with explained(media):
        try:
            make_private_folder(media)
        except FileExistsError:  # since long, or another who adds clips was quicker
            if not media.is_dir():
                raise
        _sweep(media)
    noted: list[Path] = []
    try:
        yield noted
    except BaseException:
        for path in noted:
            with contextlib.suppress(OSError):
                path.unlink()
        raise


def _sweep(media: Path) -> None:
    """Delete halves of films whose making was killed: they show somebody, and are nobody's."""
    for half in atomic.leftovers(media):
        with contextlib.suppress(OSError):
            if time.time() - half.stat().st_mtime > _ABANDONED_S:
                half.unlink()


def refuse_overlap(connection: Any, session: str, from_ns: int, until_ns: int) -> None:
    """Raise if a clip has part of that stretch of a session already."""
    other = connection.execute(
        sa.select(clips.c.name)
        .where(clips.c.session == session)
        .where(clips.c.removed_ns.is_(None), clips.c.practice.is_(sa.false()))
        .where(clips.c.from_unix_ns < until_ns, clips.c.until_unix_ns > from_ns)
        .order_by(clips.c.from_unix_ns)
    ).scalar()
    if other is not None:
        raise AlreadyThereError(
            f"The clip {other} has part of this stretch of session {session} already",
            fix="choose --from and --to that do not overlap it; taver annotate status lists clips",
        )


def _refuse_taken(connection: Any, name: str) -> None:
    if connection.execute(sa.select(clips.c.id).where(clips.c.name == name)).scalar() is not None:
        raise AlreadyThereError(
            f"There is a clip called {name} already",
            fix="look at taver annotate status; clips stay as they were made",
        )
