"""taver annotate backup, restore: all annotations as one file."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.cli.console import Console

_media = click.option(
    "--media",
    type=click.Path(path_type=Path),
    help="The folder with the clips' films.  [default: the study's]",
)


@click.command(cls=TaverCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--films/--no-films", default=True, show_default=True, help="With the clips' films.")
@database_option
@_media
@click.pass_obj
def backup(
    console: Console, file: Path, films: bool, database: str | None, media: Path | None
) -> None:
    """Copy all annotations into FILE, a ZIP file.

    The server may run and people may rate meanwhile: it is the state of one
    moment. It holds personal data; keep it as safe as the database.
    """
    from annotate_web.backup import back_up
    from taver.cli.annotate_place import opened, place_of

    with opened(database, there=True) as annotations:
        folder = place_of(database, media).media if films else None
        kept = back_up(annotations, folder, file, time.time_ns())
    console.result(str(file))
    rows = ", ".join(f"{kept.rows[name]} {name}" for name in ("users", "clips", "events"))
    console.say(f"{rows}, {kept.films} films")
    if kept.missing:
        console.warn(
            f"{_counted(kept.missing)} not there: {', '.join(kept.missing)}",
            fix="put them back, or make the clips anew; see: taver annotate status",
        )


@click.command(cls=TaverCommand)
@click.argument("file", type=click.Path(path_type=Path))
@database_option
@_media
@click.pass_obj
def restore(console: Console, file: Path, database: str | None, media: Path | None) -> None:
    """Bring the backup FILE back into an empty database.

    It may be another kind of database than it came from. Everybody has to log
    in again; passwords are the same. Whoever was erased since is in it again.
    """
    from annotate_web.backup import restore as bring_back
    from taver.cli.annotate_place import opened, place_of

    with opened(database) as annotations:
        kept = bring_back(annotations, place_of(database, media).media, file)
    console.result(f"{sum(kept.rows.values())} rows, {kept.films} films")
    made = dt.datetime.fromtimestamp(kept.made_ns // NS_PER_S, tz=dt.UTC)
    console.say(
        f"It is of {made:%Y-%m-%d %H:%M} UTC: erase anew whom you have erased since "
        "(taver annotate people erase NAME)"
    )
    if kept.missing:
        console.warn(
            f"{_counted(kept.missing)} not in it: {', '.join(kept.missing)}",
            fix="copy them into the folder of the films; see: taver annotate status",
        )


def _counted(films: Sequence[str]) -> str:
    return "1 film is" if len(films) == 1 else f"{len(films)} films are"
