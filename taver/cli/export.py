"""taver export: a trained model as a program of its own, with its weights and its card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console
    from taver.training.export.program import Format


@click.command(cls=TaverCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="onnx runs anywhere; torch is torch.export's.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where to; without it RUN/export/FORMAT."
)
@click.pass_obj
def export(console: Console, run: Path, kind: str, out: Path | None) -> None:
    """Hand a trained model on.

    Writes a folder with the model as a program that runs without taver, its
    bare weights (safetensors), its settings, and a card that says what it was
    trained on and how to feed it. The program is run once, and has to give what
    the trained model gives.

    Example: taver export runs/tran --format onnx
    """
    from taver.cli.progress import ConsoleProgress
    from taver.training import jobs
    from taver.training.export.run import export as write

    with ConsoleProgress(console) as progress:
        made = write(jobs.find(run), cast("Format", kind), out, progress)
    console.result(str(made.folder))
    console.say(f"  {', '.join(made.files)}; outputs differ by {made.difference:.1e} at most")
    if made.simulated:
        console.warn(
            "It was trained on simulated data", fix="say so wherever it is used; its card does"
        )
