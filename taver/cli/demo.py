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
@click.option("--quick", is_flag=True, help="Less of everything: does it run, and how.")
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser at the end.")
@click.pass_obj
def demo(console: Console, out: Path, quick: bool, open_: bool) -> None:
    """Run the whole story on simulated sensors: no camera is needed.

    It makes a study, calibrates the simulated rig from a recorded board,
    records interviews of simulated people in colour, depth and heat, reads
    every record back, follows the faces, records once more live, lets
    simulated raters rate through the real annotation server, makes labels and
    a dataset, trains two reference models in a small shape, judges them on
    unseen people, and writes one page about it all: demo.html. The study works
    with all other commands. Run again, it goes on where it stopped.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.cli.story.names import PAGE, QUICK, WHOLE
    from taver.cli.story.tell import HANG, TO_COPY, tell

    with ConsoleProgress(console) as progress:
        for line in tell(out, progress, QUICK if quick else WHOLE):
            console.result(line, hang=0 if line.startswith(TO_COPY) else HANG)
    if open_:
        import webbrowser

        page = (out / PAGE).resolve()
        if not webbrowser.open(page.as_uri()):
            console.warn("No browser can be opened here", fix=f"open {page} yourself")
