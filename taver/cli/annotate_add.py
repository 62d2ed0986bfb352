"""taver annotate add: a stretch of a session becomes clips that people can rate."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from annotate_web.media.add import Boxes
    from taver.cli.console import Console
    from taver.core.session.folder import Session


@click.command(cls=TaverCommand)
@click.option("--session", "name", metavar="NAME", help="Which session.")
@click.option("--phase", metavar="NAME", help="A phase of its protocol.  [default: all of it]")
@click.option("--from", "start", metavar="TIME", help="From there on: 90 or 1:30.")
@click.option("--to", "end", metavar="TIME", help="Up to there.")
@click.option(
    "--max-minutes", type=float, default=4.0, show_default=True, help="Longer ones are split."
)
@click.option(
    "--crop",
    type=click.Choice(["centre", "face"]),
    default="centre",
    show_default=True,
    help="Show the picture's centre, or the face (after taver faces).",
)
@click.option(
    "--raters",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How many rate each clip.",
)
@click.option("--practice", is_flag=True, help="A clip to practise on; alone: a drawn face.")
@click.option(
    "--reference",
    metavar="FILE[@POINTS]",
    help="With --practice: CSV (time_s, arousal, valence), and how near is near.",
)
@database_option
@click.pass_obj
def add(
    console: Console,
    name: str | None,
    phase: str | None,
    start: str | None,
    end: str | None,
    max_minutes: float,
    crop: str,
    raters: int,
    practice: bool,
    reference: str | None,
    database: str | None,
) -> None:
    """Make clips of a session, and their films.

    Times count from the start of the phase, or of the recording. Every picture
    keeps its time. Sound is in the film where it was recorded and the person
    agrees to it today.

    Example: taver annotate add --session s01 --phase interview
    """
    from annotate_web.media import practice as drawn
    from annotate_web.media.add import Wanted
    from annotate_web.media.add import add as make
    from annotate_web.media.reference import given
    from annotate_web.media.stretch import seconds
    from taver.cli.annotate_place import opened, place_of
    from taver.cli.progress import ConsoleProgress
    from taver.core.errors import InputError
    from taver.core.session.folder import find

    if name is None and (not practice or reference):
        raise InputError("No session was named", fix="give --session NAME, or --practice alone")
    if name is not None and practice != bool(reference):
        raise InputError(
            "A session is practised on by a reference",
            fix="give both --practice and --reference FILE, or neither",
        )
    place = place_of(database)
    assert place.study is not None  # place_of raises without one, as no media folder is given
    with opened(database) as annotations, ConsoleProgress(console) as progress:
        if name is None:
            told = [drawn.add(annotations, place.media, now_ns=time.time_ns(), progress=progress)]
        else:
            session = find(place.study, name)
            told = make(
                place.study,
                session,
                annotations,
                place.media,
                Wanted(
                    phase,
                    None if start is None else seconds(start, "--from"),
                    None if end is None else seconds(end, "--to"),
                    max_minutes,
                    raters,
                ),
                now_ns=time.time_ns(),
                boxes=_boxes(session) if crop == "face" else None,
                reference=given(reference) if reference else None,
                progress=progress,
            )
    for one in told:
        sound = "with sound" if one.made.sound else "without sound"
        console.result(f"{one.name}: {one.frames / 10:.1f} s, {one.frames} pictures, {sound}")
        for note in one.made.notes:
            console.say(f"  {note}")


def _boxes(session: Session) -> Boxes:
    """Return where the face was found; only here do faces and annotation meet."""
    import numpy as np

    from annotate_web.media.add import Boxes
    from taver.faces.state import State
    from taver.faces.store import open_faces

    faces = open_faces(session)
    px = np.asarray(faces["box"][:], np.float64)
    px[np.asarray(faces["state"][:]) == State.LOST] = np.nan
    return Boxes(np.asarray(faces["unix_ns"][:], np.int64), px)
