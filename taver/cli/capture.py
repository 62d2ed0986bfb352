"""taver capture: a session from the sensors, or from simulated ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.option("--session", required=True, metavar="NAME", help="The new session's name.")
@click.option("--participant", metavar="NAME", help="Who is recorded; consent is checked first.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long.")
@click.option("--sim", is_flag=True, help="Record the simulated rig, live, instead of cameras.")
@click.pass_obj
def capture(
    console: Console, session: str, participant: str | None, seconds: float, sim: bool
) -> None:
    """Record a session in real time; Ctrl-C ends it cleanly.

    Without cameras nothing is recorded and nothing is made up: --sim asks for
    the simulated rig, and its sessions say everywhere that they are simulated.

    Example: taver capture --session s01 --sim --seconds 20
    """
    from capture.invented import invent
    from capture.live import attached, simulated
    from capture.recorder import Plan, record
    from taver.cli.progress import ConsoleProgress
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    plan = Plan(session=session, participant=participant, seconds=seconds)
    sources = simulated(seconds) if sim else attached()
    if sim:
        console.say("Recording the SIMULATED rig: no camera is behind this session.")
        if participant is not None:
            invent(study, participant)
    with ConsoleProgress(console) as progress:
        made = record(study, plan, sources, progress)
    counts = ", ".join(f"{s.frames} {m}" for m, s in made.manifest.streams.items())
    console.result(f"{made.folder}: {counts} frames")
