"""taver calibrate: recordings of a board become the rig's calibration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from calibration.board import Board
    from calibration.check import Checked
    from calibration.coverage import Meter
    from calibration.make import Made
    from calibration.rig import Rig
    from calibration.sources.shot import Source
    from taver.cli.console import Console
    from taver.core.study import Study

_LOOK_EVERY_S = 0.2


@click.command(cls=TaverCommand)
@click.option(
    "--session", "sessions", multiple=True, metavar="NAME", help="A recording of the board."
)
@click.option(
    "--images",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Pictures or videos of it, in color/, ir/, depth/, thermal/.",
)
@click.option("--board", default="5x7", show_default=True, help="Inner corners; 5x7:DICT_4X4_50.")
@click.option("--square-mm", type=float, default=30.0, show_default=True, help="A square's side.")
@click.option(
    "--method",
    type=click.Choice(["joint", "iai"]),
    default="joint",
    show_default=True,
    help="Everything at once, or step by step as iai_kinect2 does.",
)
@click.option(
    "--settings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Lens model, crop and more, as TOML; see docs/calibration.md.",
)
@click.option("--check", is_flag=True, help="Only measure the rig there is on this recording.")
@click.option("--live", is_flag=True, help="Tell which views are missing while it is recorded.")
@click.option(
    "--from-iai",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Take iai_kinect2's calibration instead.",
)
@click.option(
    "--to-iai",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Only write the rig there is for iai_kinect2.",
)
@click.pass_obj
def calibrate(
    console: Console,
    sessions: tuple[str, ...],
    images: tuple[Path, ...],
    board: str,
    square_mm: float,
    method: str,
    settings: Path | None,
    check: bool,
    live: bool,
    from_iai: Path | None,
    to_iai: Path | None,
) -> None:
    """Find the cameras, their places and the depth shift from a board.

    Writes rig.json and a report beside it. Show the board to all cameras for a
    second at each of twenty places: near and far, tilted, in the middle and at
    the edges. The thermal camera sees it while it is warmer than the room.

    Example: taver calibrate --session calib01
    """
    from calibration import iai, store
    from calibration.board import Board
    from taver.core.errors import InputError
    from taver.core.study import Study

    study = Study.find(Path.cwd())
    if _one_of(sessions or images, from_iai, to_iai) == "to":
        assert to_iai is not None
        iai.write(store.read(study.rig_file), to_iai)
        console.result(f"{to_iai}: {', '.join(iai.FILES)}")
        return
    if from_iai is not None:
        _keep(console, iai.read(from_iai), study)
        return
    if check and live:
        raise InputError("--check and --live do not go together", fix="give one of them")
    shown = Board.from_text(board, square_mm)
    if live:
        _watch(console, study, sessions, shown)
        return
    sources = _sources(study, sessions, images)
    if check:
        _check(console, study, sources, shown)
    else:
        _make(console, study, sources, shown, method, settings)


def _one_of(recordings: object, from_iai: Path | None, to_iai: Path | None) -> str:
    from taver.core.errors import InputError

    given = [
        name
        for name, value in (("recordings", recordings), ("from", from_iai), ("to", to_iai))
        if value
    ]
    if len(given) != 1:
        raise InputError(
            "What to calibrate from is not said" if not given else "These do not go together",
            fix="give --session NAME or --images FOLDER, or else --from-iai or --to-iai alone",
        )
    return given[0]


def _sources(study: Study, sessions: tuple[str, ...], images: tuple[Path, ...]) -> list[Source]:
    from calibration.sources.folders import FolderSource
    from calibration.sources.sessions import SessionSource
    from taver.core.session import agreed
    from taver.core.session.folder import find

    sources: list[Source] = []
    for name in sessions:
        session = find(study, name)
        agreed.require(study, session.manifest, session.manifest.streams)
        agreed.require_pictures(study, session.manifest)  # the report shows some
        sources.append(SessionSource(session))
    return [*sources, *(FolderSource(folder) for folder in images)]


def _watch(console: Console, study: Study, sessions: tuple[str, ...], board: Board) -> None:
    """Look at a growing recording until it ends or nothing is missing."""
    import time

    from calibration.live import Watch, require_recording
    from taver.core.errors import InputError
    from taver.core.session import agreed
    from taver.core.session.folder import find

    if len(sessions) != 1:
        raise InputError("--live watches one session", fix="name it: --session NAME")
    session = find(study, sessions[0])
    agreed.require(study, session.manifest, session.manifest.streams)
    require_recording(session)
    watch = Watch(session, board)
    said = ""
    while watch.going_on:
        seen = watch.look()
        if seen.said != said:
            console.say(seen.said)
            said = seen.said
        if seen.new:
            _meters(console, watch.meters)
            if all(meter.done for meter in watch.meters):
                break
        time.sleep(_LOOK_EVERY_S)
    _meters(console, watch.meters)
    console.result(f"when the recording has ended: taver calibrate --session {session.name}")


def _meters(console: Console, meters: list[Meter]) -> None:
    console.table(
        ("camera", "views", "x", "y", "size", "tilt", "still missing"),
        [
            (
                m.camera,
                str(m.views),
                *(f"{share:.0%}" for share in (m.x, m.y, m.size, m.tilt)),
                "; ".join(m.missing) or "nothing",
            )
            for m in meters
        ],
        right="-rrrrr",
    )


def _make(
    console: Console,
    study: Study,
    sources: list[Source],
    board: Board,
    method: str,
    settings: Path | None,
) -> None:
    import msgspec

    from calibration.make import Choice, make
    from taver.cli.progress import ConsoleProgress
    from taver.core import config

    chosen = config.load(settings, Choice) if settings is not None else Choice()
    if method != "joint" or settings is None:
        chosen = msgspec.structs.replace(chosen, method=method)
    with ConsoleProgress(console) as progress:
        made = make(sources, board, chosen, progress)
    for reason in made.rig.quality.rejected:
        console.detail(f"left out: {reason}")
    for warning in made.rig.quality.warnings:
        console.warn(warning, fix="see the report; docs/calibration.md tells which views help")
    _keep(console, made.rig, study, made)


def _keep(console: Console, rig: Rig, study: Study, made: Made | None = None) -> None:
    from calibration.keep import keep

    kept = keep(rig, study.rig_file, made)
    if kept.before is not None:
        console.say(f"the rig that was there is kept as {kept.before.name}")
    if rig.quality.rms_px:
        console.table(
            ("camera", "views", "error px", "held out px"),
            [
                (c, str(rig.quality.views[c]), f"{e:.3f}", _shown(rig.quality.held_out_px.get(c)))
                for c, e in rig.quality.rms_px.items()
            ],
            right="-rrr",
        )
        console.say(f"{len(rig.quality.rejected)} views and corners were left out (--verbose)")
        console.result(rig.quality.verdict)
    console.result(f"{kept.rig}{f', {kept.report.name}' if kept.report else ''}")


def _check(console: Console, study: Study, sources: list[Source], board: Board) -> None:
    from calibration import store
    from calibration.check import check
    from taver.cli.progress import ConsoleProgress

    rig = store.read(study.rig_file)
    with ConsoleProgress(console) as progress:
        done = check(rig, sources, board, progress)
    _tell(console, rig, done)


def _tell(console: Console, rig: Rig, done: Checked) -> None:
    from calibration.judge import rms

    console.table(
        ("from", "to", "now px", "when made px"),
        [
            (a, b, f"{rms(e):.2f}", _shown(rig.quality.transfer_px.get(f"{a} to {b}")))
            for (a, b), e in done.judged.transfer_px.items()
        ],
        right="--rr",
    )
    if done.shift_mm is not None:
        console.say(
            f"depth shift: {done.shift_mm:+.1f} +- {done.shift_sigma_mm:.1f} mm now, "
            f"{rig.depth_shift_mm:+.1f} mm in the rig"
        )
    if done.holds:
        console.result(done.verdict)
    else:
        console.warn(done.verdict, fix="taver calibrate --session NAME, with a new recording")
        raise click.exceptions.Exit(1)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
