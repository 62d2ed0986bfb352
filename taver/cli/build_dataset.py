"""taver build-dataset: sessions in, a Zarr dataset out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console
    from taver.dataset.build.run import Built


@click.command("build-dataset", cls=TaverCommand)
@click.option("--out", metavar="STORE", help="A folder or s3:// address, not the study's own.")
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="A build.toml; without it the study's, if it has one.",
)
@click.option(
    "--session", "sessions", multiple=True, metavar="NAME", help="Which; may be repeated."
)
@click.option(
    "--audience",
    type=click.Choice(["lab", "request", "public"]),
    default="lab",
    show_default=True,
    help="Who will get it: only what each person agreed to goes in.",
)
@click.option("--jobs", type=int, default=1, show_default=True, help="How many side by side.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler's: tcp://host:8786.")
@click.option("--again", is_flag=True, help="Make anew what has not changed, too.")
@click.pass_obj
def build_dataset(
    console: Console,
    out: str | None,
    file: Path | None,
    sessions: tuple[str, ...],
    audience: str,
    jobs: int,
    scheduler: str | None,
    again: bool,
) -> None:
    """Make a Zarr dataset of the study's sessions, or bring it up to date.

    Faces that were not looked for yet are found on the way. What has not
    changed is not written again; a build that was stopped goes on; what was
    there before stays until the new one is whole.

    Example: taver build-dataset --jobs 2
    """
    from taver.cli.progress import ConsoleProgress
    from taver.core.consent import Audience
    from taver.core.study import Study
    from taver.dataset import config
    from taver.dataset.build.run import build
    from taver.dataset.stores import of_study

    study = Study.find(Path.cwd())
    own = study.folder / config.FILE
    chosen = file or (own if own.is_file() else None)
    with ConsoleProgress(console) as progress:
        built = build(
            study,
            of_study(study) if out is None else out,
            config.load(chosen) if chosen is not None else config.BuildConfig(),
            audience=Audience(audience),
            names=sessions,
            jobs=jobs,
            scheduler=scheduler,
            again=again,
            progress=progress,
        )
    _tell(console, built)


def _tell(console: Console, built: Built) -> None:
    console.result(
        f"{built.name}: {built.recordings} recordings of {built.people} people, "
        f"{built.slots} slots, {built.counts.in_words()}"
        + ("; unchanged" if built.unchanged else "")
    )
    for note in built.notes:
        console.say(f"  {note}")
