"""taver init: a new study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand
from taver.core.study import FILE, Study

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--name", help="What the study is called.  [default: the folder's name]")
@click.pass_obj
def init(console: Console, folder: Path, name: str | None) -> None:
    """Make a new study in FOLDER (by default the one you are in).

    It gets a study.toml, which says where people, recordings, calibration,
    annotations, datasets and training runs are. All other commands find it from
    the folder you are in, or any below it.
    """
    study = Study.create(folder, name if name is not None else folder.resolve().name)
    console.result(str(study.folder / FILE))
    console.say("Next: taver participant add P01 --help")
