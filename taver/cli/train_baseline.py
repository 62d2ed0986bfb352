"""taver train-baseline: a dataset in, a trained and judged reference model out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command("train-baseline", cls=TaverCommand)
@click.option("--data", metavar="DATASET", help="A dataset; without it the study's.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The run's folder; without it runs/MODEL of the study.",
)
@click.option("--config", "file", type=click.Path(path_type=Path), help="A TOML file of settings.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="One setting; may be repeated."
)
@click.option("--model", metavar="NAME", help="tran (the default), uran, cnn3d, ...: see docs.")
@click.option("--target", type=click.Choice(["valence", "arousal", "both"]), help="What is learnt.")
@click.option("--width", type=float, metavar="SHARE", help="Of the channels; 1 is the paper's.")
@click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), help="Where it computes.")
@click.option(
    "--ablate",
    type=click.Choice(["modalities", "attention", "length", "models", "recola", "sewa"]),
    help="Train every row of a table of the paper.",
)
@click.option(
    "--cross",
    type=click.Choice(["folds", "people"]),
    help="Cross-validate by the dataset's folds, or leaving one person out.",
)
@click.pass_obj
def train_baseline(
    console: Console,
    data: str | None,
    out: Path | None,
    file: Path | None,
    settings: tuple[str, ...],
    model: str | None,
    target: str | None,
    width: float | None,
    device: str | None,
    ablate: str | None,
    cross: str | None,
) -> None:
    """Train a reference model on a dataset, by the paper's protocol.

    Learns from the training people, chooses by the validation people, and
    never opens the test people: that is taver evaluate. Given again, the same
    command goes on where it was stopped. --ablate and --cross judge each of
    their runs on its test people, too.

    Example: taver train-baseline --model uran --set optimiser.batch=8
    """
    from taver.cli.progress import ConsoleProgress
    from taver.training import config, jobs

    named = {"model.name": model, "model.target": target, "model.width": width}
    named["machine.device"] = device
    given = [f"{key}={value}" for key, value in named.items() if value is not None]
    chosen = config.load(file, [*given, *settings])
    with jobs.told_of_stop(console.say), ConsoleProgress(console) as progress:
        for line in jobs.train(
            chosen, data=data, out=out, ablate=ablate, cross=cross, progress=progress,
            say=console.say,
        ):  # fmt: skip
            console.result(line)
