"""taver faces: landmarks of the participant in every frame, in colour, depth and heat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console
    from taver.core.study import Study
    from taver.faces.jobs import Outcome


@click.command(cls=TaverCommand)
@click.option(
    "--session", "sessions", multiple=True, metavar="NAME", help="Which; may be repeated."
)
@click.option("--all", "every", is_flag=True, help="All sessions of the study.")
@click.option("--jobs", type=int, default=1, show_default=True, help="How many side by side.")
@click.option("--again", is_flag=True, help="Also where nothing has changed.")
@click.option(
    "--detector", default="hog", show_default=True, help="hog, cnn (slow), or another's name."
)
@click.option(
    "--shape-predictor",
    type=click.Path(path_type=Path),
    help="A 68-point model of your own, instead of the installed one.",
)
@click.option(
    "--align",
    type=click.Choice(["rigid", "eyes-nose", "eyes"]),
    default="rigid",
    show_default=True,
    help="Which points hold the crop in place; eyes-nose is the paper's.",
)
@click.option(
    "--gap", type=float, default=0.5, show_default=True, help="Seconds that are interpolated."
)
@click.option(
    "--thermal-box",
    metavar="L,T,W,H[@FRAME]",
    help="Without a calibration: the face in a thermal frame, in its pixels.",
)
@click.option(
    "--overlay",
    type=click.Path(path_type=Path),
    help="A film (.webm) of the three pictures with what was found on them.",
)
@click.pass_obj
def faces(
    console: Console,
    sessions: tuple[str, ...],
    every: bool,
    jobs: int,
    again: bool,
    detector: str,
    shape_predictor: Path | None,
    align: str,
    gap: float,
    thermal_box: str | None,
    overlay: Path | None,
) -> None:
    """Find the participant's face in every frame of a session.

    Writes faces.zarr (one row for each colour frame: state, landmarks, pose,
    and where they are in depth and heat), faces.csv (signals, and how warm
    nose, cheeks, forehead, eyes and mouth are) and faces.html (states over time,
    and the frames it is least sure of). What is done is kept: a run that was
    stopped goes on, and a session in which nothing changed is skipped.

    Example: taver faces --session s01
    """
    from taver.cli import several
    from taver.cli.progress import ConsoleProgress
    from taver.core.session.folder import find
    from taver.core.study import Study
    from taver.faces.jobs import run
    from taver.faces.options import Options, ThermalBox
    from taver.faces.seen import film

    study = Study.find(Path.cwd())
    names = several.names(study, sessions, every=every)
    if every:
        names = _with_somebody(console, study, names)
    options = Options(
        detector=detector,
        shape_predictor=shape_predictor.resolve() if shape_predictor else None,
        alignment=align,
        gap_s=gap,
        thermal_box=ThermalBox.parse(thermal_box) if thermal_box else None,
    )
    if overlay is not None:
        film.check(overlay, names)
    with ConsoleProgress(console) as progress:
        outcomes = run(study, names, options, jobs=jobs, again=again, progress=progress)
    for outcome in outcomes:
        _tell(console, outcome)
    failed = [(one.session, one.error) for one in outcomes if one.error is not None]
    several.raise_failed(failed, len(outcomes))
    if overlay is not None:
        with ConsoleProgress(console) as progress:
            console.result(str(film.write(study, find(study, names[0]), overlay, progress)))


def _with_somebody(console: Console, study: Study, names: list[str]) -> list[str]:
    """Leave out where a board was recorded, or nobody: there is no face to follow."""
    from taver.core.errors import NotFoundError
    from taver.core.session.folder import find

    empty = [name for name in names if find(study, name).manifest.participant is None]
    if empty:
        console.say(f"left out, for nobody is in them: {', '.join(empty)}")
    if len(empty) == len(names):
        raise NotFoundError(
            "No session of this study has a participant",
            fix="record one (taver capture --participant NAME), or name a session with --session",
        )
    return [name for name in names if name not in empty]


def _tell(console: Console, outcome: Outcome) -> None:
    made = outcome.made
    if made is None:
        return
    counts = ", ".join(f"{count} {state}" for state, count in made.by_state.items() if count)
    how = "unchanged" if made.skipped else f"{made.frames / max(made.took_s, 1e-9):.0f} a second"
    console.result(f"{made.session}: {made.frames} frames ({counts}), {how}")
    if made.lost == made.frames:
        console.warn(
            f"No face was found in any frame of {made.session}",
            fix="look at the recording; a face has to be 80 pixels wide, upright, and not turned "
            "away",
        )
    for note in made.notes:
        console.say(f"  {note}")
