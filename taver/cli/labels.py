"""taver labels: what many raters said becomes one ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand
from taver.core.errors import InputError

if TYPE_CHECKING:
    from annotate_web.labelling import Outcome
    from taver.cli.console import Console
    from taver.core.errors import TaverError


@click.command(cls=TaverCommand)
@click.option(
    "--session", "sessions", multiple=True, metavar="NAME", help="Which; may be repeated."
)
@click.option("--all", "every", is_flag=True, help="All sessions that were rated.")
@click.option("--again", is_flag=True, help="Also where nothing has changed.")
@click.option(
    "--fusion",
    type=click.Choice(["mean", "median", "ewe", "ewe-leave-one-out", "lag-mean"]),
    default="mean",
    show_default=True,
    help="Which one is the ground truth; all are written.",
)
@click.option(
    "--gap", type=float, default=1.0, show_default=True, help="Seconds that are filled; inf: all."
)
@click.option(
    "--fill",
    type=click.Choice(["hold", "linear"]),
    default="hold",
    show_default=True,
    help="By the last value, or a straight line; linear is the paper's.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    help="A CSV file to tell lags against, instead of the raters.",
)
@click.option("--database", metavar="URL", help="Another database than the study's.")
@click.option(
    "--report", type=click.Path(path_type=Path), help="A page (.html) of how well raters agree."
)
@click.pass_obj
def labels(
    console: Console,
    sessions: tuple[str, ...],
    every: bool,
    again: bool,
    fusion: str,
    gap: float,
    fill: str,
    reference: Path | None,
    database: str | None,
    report: Path | None,
) -> None:
    """Make one ground truth of what raters said of a session's clips.

    Writes labels.zarr (what each rater said at each frame, where gaps were
    filled, and the fused traces), labels.csv and agreement.csv. A session in
    which nothing changed is skipped. --report draws how well raters agree.

    Example: taver labels --session s01 --report labels.html
    """
    from taver.cli import several
    from taver.cli.progress import ConsoleProgress
    from taver.core.extras import need
    from taver.core.session.folder import find
    from taver.core.study import Study
    from taver.labels.options import Options

    study = Study.find(Path.cwd())
    names = several.names(study, sessions, every=every)
    options = Options(
        fusion=fusion,
        gap_s=gap,
        fill=fill,
        reference=reference.resolve() if reference else None,
    )
    if report is not None:
        _check(report)
    need("sqlalchemy", extra="web", to="read annotations")
    from annotate_web.labelling import run

    if options.reference is not None and len(names) > 1:
        from taver.labels.reference import Reference

        Reference(options.reference).refuse_several(f"{len(names)} sessions")
    with ConsoleProgress(console) as progress:
        outcomes = run(study, names, options, database=database, again=again, progress=progress)
    for outcome in outcomes:
        _tell(console, outcome, every)
    made = [find(study, outcome.session) for outcome in outcomes if outcome.made is not None]
    if report is not None and made:
        from taver.labels.report import page

        console.result(str(page.write(made, report.resolve())))
    several.raise_failed(_failed(outcomes, every), len(outcomes))


def _check(report: Path) -> None:
    """Refuse a place for the report before any work is done."""
    if report.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"{report} is no page", fix="give a name that ends in .html")
    if report.is_dir():
        raise InputError(f"{report} is a folder", fix="choose another name for the page")
    if not report.resolve().parent.is_dir():
        raise InputError(
            f"There is no folder {report.resolve().parent}", fix="make it, or choose another place"
        )


def _tell(console: Console, outcome: Outcome, every: bool) -> None:
    made = outcome.made
    if made is None:
        if every and outcome.unrated:
            console.say(f"{outcome.session}: not rated yet")
        return
    clips = f"{made.clips} clip{'' if made.clips == 1 else 's'}"
    how = ", unchanged" if made.skipped else ""
    console.result(
        f"{made.session}: {clips}, {made.frames} frames, "
        f"{made.raters} of {made.wanted} ratings{how}"
    )
    for note in made.notes:
        console.say(f"  {note}")


def _failed(outcomes: list[Outcome], every: bool) -> list[tuple[str, TaverError]]:
    """Return what went wrong; of all sessions, that one is not rated yet only if none is."""
    failed = [(one.session, one.error, one.unrated) for one in outcomes if one.error is not None]
    counts = [(name, error) for name, error, unrated in failed if not (every and unrated)]
    if counts or any(outcome.made for outcome in outcomes):
        return counts
    return [(name, error) for name, error, _ in failed]
