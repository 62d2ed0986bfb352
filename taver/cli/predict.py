"""taver predict: what a run says of a session, slot by slot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--session", required=True, metavar="NAME", help="Of which session.")
@click.option(
    "--data", metavar="DATASET", help="Take its pictures from a dataset, not from recordings."
)
@click.option(
    "--post",
    type=click.Choice(["avec", "clean", "none"]),
    help="What is done to predictions; without it as the run was trained.",
)
@click.option(
    "--attention", is_flag=True, help="Also show where the model looked: sheet, film and page."
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    help="Where it computes; without it as the run was trained, if that is there.",
)
@click.pass_obj
def predict(
    console: Console,
    run: Path,
    session: str,
    data: str | None,
    post: str | None,
    attention: bool,
    device: str | None,
) -> None:
    """Predict a session with a trained run, ten times a second.

    RUN is the folder that taver train-baseline wrote, or its name in a study.
    Of a session that was rated its rated stretches are looked at, else all of
    it. Writes predictions/NAME.csv and NAME.html into the run. The session's
    pictures are cut for this, and deleted again; labels are not looked at.

    Example: taver predict runs/tran --session s01
    """
    from taver.cli.progress import ConsoleProgress
    from taver.training import jobs

    with ConsoleProgress(console) as progress:
        found = jobs.predict(
            run, session, data=data, post=post, attention=attention, device=device,
            progress=progress,
        )  # fmt: skip
    for note in found.notes:
        console.say(f"  {note}")
    console.say(f"{found.slots} slots, {found.interpolated} of them without a face")
    console.result(str(found.table))
    console.result(str(found.page))
    for page in found.attention:
        console.result(str(page))
