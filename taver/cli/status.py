"""taver status: how far each session has come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.pass_obj
def status(console: Console) -> None:
    """Show a table of sessions and what was done with each."""
    from taver.cli.stages import COLUMNS, row
    from taver.core.session.folder import folders
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    rows = [row(study, folder) for folder in folders(study)]
    console.say(f"{study.name}  ({study.folder})")
    if not rows:
        console.say("No sessions yet.")
        return
    console.table(COLUMNS, rows)
