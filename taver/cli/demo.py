"""taver demo: the whole story, on simulated sensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="taver-demo",
    show_default=True,
    help="The folder for the demo's study.",
)
@click.option("--quick", is_flag=True, help="Record less of everything; for a first look.")
@click.pass_obj
def demo(console: Console, out: Path, quick: bool) -> None:
    """Run the whole story on simulated sensors: no camera is needed.

    It makes a study with one simulated person, calibrates the simulated rig
    from a recorded board, records an interview in colour, depth and heat,
    reads every record back, draws a contact sheet, follows the face through
    all frames, and records once more live, with a report. The study works with
    all other commands. Run again, it goes on where it stopped.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.cli.story.names import QUICK, WHOLE
    from taver.cli.story.tell import tell

    with ConsoleProgress(console) as progress:
        for line in tell(out, progress, QUICK if quick else WHOLE):
            console.result(line)
