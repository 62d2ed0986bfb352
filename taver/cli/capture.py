"""taver capture: a session from the sensors, or from simulated ones."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from taver.cli.base import TaverCommand
from taver.cli.console import Loudness

if TYPE_CHECKING:
    from capture.desk.run import Screen
    from capture.desk.wish import Wish
    from capture.master.master import Master
    from capture.plan import Plan
    from taver.cli.console import Console
    from taver.core.session.folder import Session
    from taver.core.study import Study


@click.command(cls=TaverCommand)
@click.option("--session", metavar="NAME", help="The new session's name.")
@click.option("--participant", metavar="NAME", help="Who is recorded; consent is checked first.")
@click.option("--seconds", type=float, help="How long.  [default: 60, or as the protocol says]")
@click.option("--sim", is_flag=True, help="Record the simulated rig instead of cameras.")
@click.option(
    "--streams", metavar="LIST", help="Such as color,depth,ir,thermal,sound.  [default: pictures]"
)
@click.option(
    "--protocol", type=click.Path(path_type=Path), help="The phases' file; examples/ has one."
)
@click.option(
    "--nuc",
    type=click.Choice(["auto", "manual"]),
    default="auto",
    show_default=True,
    help="Who closes the thermal shutter: the camera, or taver, outside interviews.",
)
@click.option("--keep-all", is_flag=True, help="Keep every frame, not one for each 10 Hz slot.")
@click.option("--resume", is_flag=True, help="Add a part to a session that is there.")
@click.option("--check", is_flag=True, help="Look at all streams for 5 s, and record nothing.")
@click.option("--preview", is_flag=True, help="Serve a page with the pictures on this machine.")
@click.pass_obj
def capture(console: Console, /, sim: bool, check: bool, nuc: str, **asked: Any) -> None:
    """Record a session in real time; q or Ctrl-C ends it cleanly.

    Without cameras nothing is recorded and nothing is made up: --sim asks for
    the simulated rig, and its sessions say everywhere that they are simulated.
    On the way, m marks a moment, M marks it with a note, n begins the
    protocol's next phase, and s closes the thermal camera's shutter.

    Example: taver capture --session s01 --sim --seconds 20
    """
    from capture.desk.wish import wish
    from capture.master.crews import crews_for
    from capture.master.master import Master
    from capture.plan import Nuc
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    wanted = wish(study, sim=sim, check=check, nuc=Nuc(nuc), **asked)
    plan = wanted.plan
    crews = crews_for(study, sim=sim, streams=plan.streams, seconds=plan.seconds)
    if sim:
        console.say("This is the SIMULATED rig: no camera is behind what follows.")
    master = Master(study, plan, crews)
    if check:
        _check(console, master, plan)
    else:
        _record(console, study, master, wanted)


def _check(console: Console, master: Master, plan: Plan) -> None:
    """Print what was found; raises where it forbids a good recording."""
    from capture.desk import check
    from capture.desk.health import face

    with master:
        found = master.prepare()
        console.say(f"Looking at all streams for {check.SECONDS:g} s ...")
        checkup = master.check(check.SECONDS)
    findings = check.verdicts(found, checkup, plan, face.detector())
    for line in check.said(findings):
        console.result(line)
    check.refuse(findings)
    console.result("Ready to record.")


def _record(console: Console, study: Study, master: Master, wanted: Wish) -> None:
    """Record, tell what there is, and write the report."""
    from capture.desk.keyboard import keyboard
    from capture.desk.run import run
    from taver.cli.progress import ConsoleProgress
    from taver.core.errors import TaverError

    console.say("Getting ready ...")
    with ConsoleProgress(console) as progress:
        try:
            made = run(
                master,
                wanted.order,
                screen=_screen(console),
                keyboard=keyboard(),
                progress=progress,
            )
        except TaverError:
            with contextlib.suppress(TaverError):  # it may have begun, and hold much
                _report(console, study, master.session)
            raise
    _report(console, study, made)
    counts = ", ".join(f"{s.frames} {m}" for m, s in made.manifest.streams.items())
    console.result(f"{made.folder}: {counts} frames")


def _screen(console: Console) -> contextlib.AbstractContextManager[Screen]:
    """Return the live screen at a terminal, and lines elsewhere."""
    import sys

    from capture.desk.lines import PlainLines
    from capture.desk.screen import LiveScreen

    if sys.stderr.isatty() and console.loudness >= Loudness.NORMAL:
        return LiveScreen()
    return PlainLines(console.say)


def _report(console: Console, study: Study, session: Session) -> None:
    """Write the report; a session without one is a session all the same."""
    from capture.report.make import make
    from taver.core.errors import TaverError

    try:
        console.say(f"Report: {make(study, session)}")
    except TaverError as error:
        console.warn(f"There is no report: {error.what}", fix=error.fix)
