"""taver simulate: a session of people who do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.option(
    "--scenario",
    required=True,
    type=click.Path(path_type=Path),
    help="The scenario file; examples/ has some.",
)
@click.option("--session", required=True, metavar="NAME", help="The new session's name.")
@click.option(
    "--participant",
    metavar="NAME",
    help="Who the first person is in the study; a new name is put on file as simulated.",
)
@click.option("--seconds", type=float, help="How long.  [default: as the scenario says]")
@click.option(
    "--truth",
    type=click.Choice(["numbers", "pictures"]),
    default="numbers",
    show_default=True,
    help="What truth.zarr holds: pictures adds true depth and temperature.",
)
@click.option("--infrared", is_flag=True, help="Record the infrared pictures, too.")
@click.pass_obj
def simulate(
    console: Console,
    scenario: Path,
    session: str,
    participant: str | None,
    seconds: float | None,
    truth: str,
    infrared: bool,
) -> None:
    """Record a simulated session, with the truth beside it.

    The scenario says who is in front of the cameras, what they feel and do,
    and what goes wrong. The session is written exactly as a recording is, and
    says everywhere that it is simulated; truth.zarr in its folder holds what
    each frame should have shown.

    Example: taver simulate --scenario examples/01_interview.toml --session s01
    """
    from capture.sim.scenario import load
    from capture.simulation import ALL, simulate
    from taver.cli.progress import ConsoleProgress
    from taver.core.frames import Modality
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    with ConsoleProgress(console) as progress:
        made = simulate(
            study,
            load(scenario),
            session,
            participant=participant,
            seconds=seconds,
            modalities=(*ALL, Modality.IR) if infrared else ALL,
            pictures=truth == "pictures",
            progress=progress,
        )
    counts = ", ".join(f"{s.frames} {m}" for m, s in made.manifest.streams.items())
    console.result(f"{made.folder}: {counts} frames, simulated")
