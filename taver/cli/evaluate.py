"""taver evaluate: a run judged on people that it has never seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", metavar="DATASET", help="A dataset; without it the one trained on.")
@click.option(
    "--part",
    type=click.Choice(["test", "validation", "train"]),
    default="test",
    show_default=True,
    help="Whom it is judged on.",
)
@click.option(
    "--unit",
    type=click.Choice(["frame", "clip"]),
    default="frame",
    show_default=True,
    help="A value for every slot of the 10 Hz grid, or for every clip.",
)
@click.option(
    "--post",
    type=click.Choice(["avec", "clean", "none"]),
    help="What is done to predictions; without it as the run was trained.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    help="Where it computes; without it as the run was trained, if that is there.",
)
@click.pass_obj
def evaluate(
    console: Console,
    run: Path,
    data: str | None,
    part: str,
    unit: str,
    post: str | None,
    device: str | None,
) -> None:
    """Judge a run on the test people: RMSE, CC and CCC.

    RUN is the folder that taver train-baseline wrote, or its name in a study.
    Trivial predictions stand beside; scores, predictions and report.html are
    written into the folder.

    Example: taver evaluate runs/tran
    """
    from taver.cli.progress import ConsoleProgress
    from taver.training import jobs

    with ConsoleProgress(console) as progress:
        several = jobs.evaluate(
            run, data=data, part=part, unit=unit, post=post, device=device, progress=progress
        )
    for found, page in several:
        for judged in found.judged:
            columns, rows = jobs.table_of(judged)
            title = f"{judged.target} of {found.part}, {found.n} values, one a {found.unit}"
            console.result(title if len(several) == 1 else f"{found.run}: {title}")
            console.table(columns, rows, right=" rrrr")
            console.say(f"post-processing: {judged.post}")
        console.result(str(page))
    if len(several) > 1:
        for line in jobs.median_of(several):
            console.result(line)
