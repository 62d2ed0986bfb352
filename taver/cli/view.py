"""taver view: a session on one time line in Rerun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("name")
@click.option(
    "--save", type=click.Path(path_type=Path), help="Write a file (.rrd) instead; needs no screen."
)
@click.option("--from", "from_s", type=float, help="Second of the session to begin at.")
@click.option("--to", "until_s", type=float, help="Second of the session to end at.")
@click.pass_obj
def view(
    console: Console, name: str, save: Path | None, from_s: float | None, until_s: float | None
) -> None:
    """Open a session in Rerun: pictures, landmarks, the face in space, traces, markers.

    All on one time line; the points of the face are coloured by their
    temperature. What is not there yet (faces, labels, a calibration) is told.

    Example: taver view s01 --save s01.rrd
    """
    from taver.cli.progress import ConsoleProgress
    from taver.core.session.folder import find
    from taver.core.study import Study
    from taver.view.show import show

    study = Study.find(Path.cwd())
    with ConsoleProgress(console) as progress:
        shown = show(
            study, find(study, name), save=save, from_s=from_s, until_s=until_s, progress=progress
        )
    where = "in the viewer" if save is None else f"in {save} (open it with: rerun {save})"
    console.result(f"{name}: {shown.frames} pictures, {shown.clouds} faces in space, {where}")
    for note in shown.notes:
        console.say(f"  {note}")
