"""taver annotate export: tracks, events and where they come from, in files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--session", "sessions", multiple=True, metavar="NAME", help="Only of it; may be repeated."
)
@click.option(
    "--format",
    "endings",
    multiple=True,
    metavar="NAME",
    help="csv, json, eaf (ELAN) or parquet; may be repeated.  [default: all that can be written]",
)
@database_option
@click.pass_obj
def export(
    console: Console,
    folder: Path,
    sessions: tuple[str, ...],
    endings: tuple[str, ...],
    database: str | None,
) -> None:
    """Write all annotations into a new FOLDER.

    tracks.* has a row a frame and rater, events.csv every event as it came in,
    annotations.json all of it, elan/ a file a clip, and provenance.json says
    what it was made from.

    Example: taver annotate export annotations-2026-11
    """
    from annotate_web.exchange.export import export as write
    from taver.cli.annotate_place import opened

    with opened(database, there=True) as annotations:
        made = write(annotations, folder, sessions=sessions, endings=endings)
    for path in made:
        console.result(str(path))
