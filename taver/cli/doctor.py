"""taver doctor: says what is installed, what is missing, and how to get it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand
from taver.cli.console import Loudness
from taver.cli.diagnosis.examine import examine
from taver.cli.diagnosis.page import lines

if TYPE_CHECKING:
    from taver.cli.console import Console

WIDEST = 100  # columns; longer lines are harder to read


@click.command(cls=TaverCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a page.")
@click.option(
    "--need",
    "needs",
    multiple=True,
    metavar="EXTRA",
    help="Fail unless this extra is complete; may be given again, or several with commas.",
)
@click.pass_obj
def doctor(console: Console, *, as_json: bool, needs: tuple[str, ...]) -> int:
    """Say what is installed, what is missing, and how to get it.

    Looks at Python, taver's own packages, its extras, camera drivers, system
    libraries, models, GPUs, and the disk that recordings go to. What is
    missing is listed with the line that installs it, and does no harm until
    it is needed. With --verbose, versions are told too. Leaves with 1 if
    anything is wrong or not complete.
    """
    report = examine(Path.cwd(), needs)
    if as_json:
        console.result(report.to_json())
    else:
        width = min(shutil.get_terminal_size().columns, WIDEST)
        for line in lines(report, width, in_full=console.loudness is Loudness.VERBOSE):
            console.result(line)
    return 0 if report.ok else 1
