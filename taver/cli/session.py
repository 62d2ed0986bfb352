"""taver session: recordings listed, shown, checked and rescued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverGroup

if TYPE_CHECKING:
    from taver.cli.console import Console
    from taver.core.session.folder import Session


@click.group(cls=TaverGroup)
def session() -> None:
    """List, check and rescue recordings."""


@session.command()
@click.pass_obj
def ls(console: Console) -> None:
    """List all sessions: length, frames, drops, consent and size."""
    from taver.cli.sessions import COLUMNS, RIGHT, row
    from taver.core.session.folder import folders
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    rows = [row(study, folder) for folder in folders(study)]
    if not rows:
        console.say("No sessions yet.")
        return
    console.table(COLUMNS, rows, right=RIGHT)


@session.command()
@click.argument("name")
@click.pass_obj
def show(console: Console, name: str) -> None:
    """Show all that is known of a session."""
    from taver.cli.sessions import lines
    from taver.core.session.folder import find
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    for line in lines(study, find(study, name)):
        console.result(line)


@session.command()
@click.argument("name")
@click.pass_obj
def verify(console: Console, name: str) -> None:
    """Read every record of a session; name what is damaged.

    Nothing is changed. The exit code is 0 if the session is as it was recorded.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.core.errors import DataError
    from taver.core.session.check import problems

    found = _find(name)
    with ConsoleProgress(console) as progress:
        wrong = problems(found, progress)
    if wrong:
        raise DataError(
            f"Session {name} is not as it should be",
            fix=f"taver session recover {name}  (keeps every frame that is whole)",
            problems=wrong,
        )
    frames = sum(stream.frames for stream in found.manifest.streams.values())
    console.result(f"{name}: {frames} frames, all as they were recorded")


@session.command()
@click.argument("name")
@click.pass_obj
def recover(console: Console, name: str) -> None:
    """Make a session whole that was cut off or damaged.

    Every whole frame is kept. A file that was damaged in its middle is kept
    beside what was saved from it, as *.damaged. It is safe to run this again.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.core.session.rescue import rescue

    with ConsoleProgress(console) as progress:
        rescued = rescue(_find(name), progress)
    for modality, result in rescued.items():
        told = f"{modality}: {result.frames} frames"
        if not result.changed:
            told += ", nothing to do"
        if result.lost:
            told += f", {result.lost} damaged beyond repair"
        if result.cut_bytes:
            told += f", {result.cut_bytes} bytes of an unfinished frame cut off"
        console.result(told)


@session.command()
@click.argument("name")
@click.pass_obj
def report(console: Console, name: str) -> None:
    """Write a session's report again.

    report.json is to compute with, report.html to look at. They tell frames,
    drops, intervals, skew, clocks, phases and markers. Pictures are shown only
    where the person agrees today.
    """
    from capture.report.make import make
    from taver.cli.progress import ConsoleProgress
    from taver.core.session.folder import find
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    with ConsoleProgress(console) as progress:
        console.result(str(make(study, find(study, name), progress)))


def _find(name: str) -> Session:
    from taver.core.session.folder import find
    from taver.core.study import Study

    return find(Study.find(Path.cwd()), name)
