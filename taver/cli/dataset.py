"""taver dataset: datasets looked at, checked, compared, documented and imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverGroup

if TYPE_CHECKING:
    from taver.cli.console import Console
    from taver.core.study import Study
    from taver.dataset.read import Dataset
    from taver.dataset.split import SplitOptions

_STORE = click.argument("store", required=False)


@click.group(cls=TaverGroup)
def dataset() -> None:
    """Look at, check, compare, document and import datasets.

    STORE is a folder or an s3:// address; in a study, its own dataset if left
    out.
    """


def _study() -> Study | None:
    from taver.core.errors import NotFoundError
    from taver.core.study import Study

    try:
        return Study.find(Path.cwd())
    except NotFoundError:
        return None


def _open(store: str | None) -> Dataset:
    import taver.dataset
    from taver.core.errors import InputError
    from taver.dataset.stores import of_study

    if store is None:
        study = _study()
        if study is None:
            raise InputError(
                "No dataset was named, and this is no study", fix="taver dataset ... data.zarr"
            )
        store = of_study(study)
    return taver.dataset.open(store)


@dataset.command()
@_STORE
@click.pass_obj
def info(console: Console, store: str | None) -> None:
    """Show what a dataset holds: people, recordings, splits, sizes."""
    from taver.dataset.about.info import info as told

    found = told(_open(store))
    lines = found.lines()
    wide = max(20, *(len(name) + 2 for name, _ in lines))
    for name, value in lines:
        console.result(f"{name:<{wide}}{value}")
    rows = [
        (
            one.name, one.participant, str(one.slots), f"{one.seconds / 60:.1f}",
            *(f"{one.seen[m]:.0%}" if m in one.seen else "-" for m in found.modalities),
            f"{one.labelled:.0%}", str(one.raters),
        )
        for one in found.recordings
    ]  # fmt: skip
    console.result(f"{'below':<{wide}}slots in which each picture has a face, and labels")
    console.table(
        ("recording", "person", "slots", "min", *found.modalities, "labels", "raters"),
        rows,
        right="  rrrrrrr",
    )


@dataset.command()
@_STORE
@click.pass_obj
def verify(console: Console, store: str | None) -> None:
    """Unpack every chunk and check every value; name what is wrong.

    Values are compared with the digests that a build left; where `taver
    dataset document` wrote checksums, every file with its own. Nothing is
    changed.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.core.errors import DataError
    from taver.dataset.about import verify as engine

    data = _open(store)
    with ConsoleProgress(console) as progress:
        wrong = engine.verify(data, progress)
    if wrong:
        raise DataError(
            f"{data.where} is not as it should be",
            fix="build it again: taver build-dataset --again; or bring a copy back",
            problems=wrong,
        )
    old = engine.outlived(data)
    if old is not None:
        raise DataError(
            f"{old} was written of another build of {data.where}: its checksums are not of these "
            "files, which are in order as far as can be told without",
            fix="if it was built since, write them again: taver dataset document; if not, its "
            "zarr.json was changed: taver build-dataset --again",
        )
    if engine.has_sums(data):
        sums = "every file as its checksum says"
    elif engine.has_digests(data):
        sums = "every value as it was built"
    else:
        sums = "no checksums to compare"
    console.result(f"{data.where}: {len(data.recordings)} recordings, all in order; {sums}")


@dataset.command()
@_STORE
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them as a page, too.",
)
@click.pass_obj
def stats(console: Console, store: str | None, page: Path | None) -> None:
    """Show how labels are distributed and how far raters agree."""
    from taver.core import atomic
    from taver.dataset.about import shown
    from taver.dataset.about import stats as engine

    data = _open(store)
    found = engine.stats(data)
    console.table(shown.PARTS, shown.parts(found), right=" rrrrr")
    console.result("")
    console.table(shown.RATED, shown.rated(found), right=" rrrrrr")
    console.result("")
    for name, counts in found.histograms.items():
        console.result(
            f"{name:<9}-1 {engine.bars(counts)} 1   mean {found.mean[name]:.3f}, "
            f"deviation {found.deviation[name]:.3f}"
        )
    if page is not None:
        title = f"Labels of {Path(data.where).name}"
        atomic.write_bytes(page, shown.shown(found, title, simulated=data.simulated).encode())
        console.result(f"Written: {page}")


@dataset.command()
@click.argument("one")
@click.argument("other")
@click.pass_context
def diff(context: click.Context, one: str, other: str) -> None:
    """Tell in what two datasets differ; the exit code is 1 if they do."""
    from taver.cli.progress import ConsoleProgress
    from taver.dataset.about.diff import differences

    console: Console = context.obj
    first, second = _open(one), _open(other)
    with ConsoleProgress(console) as progress:
        found = differences(first, second, progress)
    for line in found:
        console.result(line)
    if found:
        context.exit(1)
    console.result("They hold the same.")


@dataset.command()
@_STORE
@click.option(
    "--about", type=click.Path(path_type=Path), help="An about.toml; see docs/sharing.md."
)
@click.option(
    "--clips",
    type=click.IntRange(0, 1000),
    default=6,
    show_default=True,
    help="How many the gallery shows.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Which they are."
)
@click.pass_obj
def document(
    console: Console, store: str | None, about: Path | None, clips: int, seed: int
) -> None:
    """Write a dataset's documents into a folder beside it.

    Datasheet, Croissant metadata, checksums, licence, citation, tables, and a
    gallery of those who allow pictures.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.dataset.documents import told
    from taver.dataset.documents.make import make

    data = _open(store)
    known = told.load(about) if about is not None else told.Told()
    with ConsoleProgress(console) as progress:
        folder = make(data, known, study=_study(), clips=clips, seed=seed, progress=progress)
    console.result(str(folder))


@dataset.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--layout",
    type=click.Choice(["csv", "afew-va", "recola", "sewa"]),
    default="csv",
    show_default=True,
    help="How films and labels lie in it; see docs/reading.md.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new dataset.")
@click.option("--scale", metavar="LOWEST,HIGHEST", help="Of the labels.  [default: the layout's]")
@click.option(
    "--frames-hz",
    type=click.FloatRange(0.1, 1000),
    default=25.0,
    show_default=True,
    help="Of frames without times.",
)
@click.option(
    "--size",
    "size_px",
    type=click.IntRange(16, 1024),
    default=96,
    show_default=True,
    help="Of a picture, in pixels.",
)
@click.option(
    "--rate",
    "rate_hz",
    type=click.IntRange(1, 120),
    default=10,
    show_default=True,
    help="Slots a second.",
)
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="A build.toml with [split] alone: folds, who tests.",
)
@click.pass_obj
def import_(
    console: Console,
    folder: Path,
    layout: str,
    out: Path,
    scale: str | None,
    frames_hz: float,
    size_px: int,
    rate_hz: int,
    file: Path | None,
) -> None:
    """Make a dataset of a FOLDER of videos with labels: colour alone.

    Faces are found and cut out as in sessions of one's own.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.dataset.importing.run import run

    limits = _limits(scale)
    splits = _splits(file)
    with ConsoleProgress(console) as progress:
        made = run(
            folder, out, layout=layout, scale=limits, size_px=size_px, rate_hz=rate_hz,
            frames_hz=frames_hz, splits=splits, progress=progress,
        )  # fmt: skip
    for note in made.notes:
        console.say(f"  {note}")
    console.result(
        f"{made.path}: {made.recordings} recordings of {made.people} people, {made.slots} slots"
    )


def _splits(file: Path | None) -> SplitOptions | None:
    import msgspec

    from taver.core.errors import ConfigError
    from taver.dataset import config
    from taver.dataset.split import SplitOptions

    if file is None:
        return None
    told = config.load(file)
    if msgspec.structs.replace(told, split=SplitOptions()) != config.BuildConfig():
        raise ConfigError(
            f"{file} says more than [split], and no more counts for what is imported",
            fix="leave [split] alone in it; size, rate and scale are options of this command",
        )
    return told.split


def _limits(text: str | None) -> tuple[float, float] | None:
    from taver.core.errors import InputError

    if text is None:
        return None
    try:
        lowest, highest = (float(part) for part in text.split(","))
    except ValueError:
        lowest = highest = 0.0
    if not lowest < highest:
        raise InputError(f"{text!r} is no scale", fix="write it as LOWEST,HIGHEST: --scale -10,10")
    return lowest, highest
