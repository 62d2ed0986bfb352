"""Where a study keeps its annotations, unless a command was told otherwise."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annotate_web.db.open import Database
    from taver.core.study import Study


class Place(NamedTuple):
    """A database's URL, and the folder with the clips' films."""

    url: str
    media: Path
    study: Study | None


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names another database than the study's."""
    return click.option(
        "--database", metavar="URL", help="Such as postgresql+psycopg://user@host/name."
    )(command)


def place_of(database: str | None, media: Path | None = None) -> Place:
    """Return where annotations are; without a study both have to be given."""
    from annotate_web.db.open import address_of
    from taver.core.errors import NotFoundError
    from taver.core.study import Study

    here = Path.cwd()
    try:
        study = Study.find(here)
    except NotFoundError:
        if database is None or media is None:
            raise
        return Place(address_of(database, here), media.resolve(), None)
    return Place(
        address_of(database, here)
        if database
        else address_of(study.config.annotation.database, study.folder),
        media.resolve() if media else study.clips_folder,
        study,
    )


@contextlib.contextmanager
def opened(database: str | None, *, there: bool = False) -> Iterator[Database]:
    """Open the annotations of the study, or those that `database` names.

    With `there`, a file that does not exist is told of instead of made.
    """
    from taver.core.extras import need

    need("sqlalchemy", extra="web", to="open annotations")
    from annotate_web.db.open import open_database

    made = open_database(place_of(database, Path()).url, there=there)
    try:
        yield made
    finally:
        made.close()
