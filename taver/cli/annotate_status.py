"""taver annotate status: how far each clip has come, and what is odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from annotate_web.lead.overview import ByClip
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.option("--films", is_flag=True, help="Check every byte of the films, too.")
@database_option
@click.pass_obj
def status(console: Console, films: bool, database: str | None) -> None:
    """List clips: raters, how much is rated, agreement, flags.

    The exit code is 6 if a film is missing or damaged.
    """
    from annotate_web.lead.overview import overview
    from annotate_web.media.check import strangers, wrong_with
    from taver.cli.annotate_held import tell_held
    from taver.cli.annotate_place import opened, place_of
    from taver.core.errors import DataError

    place = place_of(database)
    with opened(database, there=True) as annotations, annotations.reading() as connection:
        found = overview(connection, place.media)
        others = strangers(connection, place.media) if films else []
        tell_held(console, connection)
    if not found.clips:
        console.say("No clips yet. Make some with: taver annotate add --session NAME")
        return
    columns = ("clip", "session", "length", "done", "rated", "arousal", "valence", "flags")
    console.table(columns, [_row(one) for one in found.clips], right="  rrrrrr")
    lost = [f"{one.clip.name}: {one.clip.media} is not there" for one in found.clips if one.lost]
    if films:
        if others:
            console.warn(
                f"{len(others)} of the files in {place.media} are of no clip: {', '.join(others)}",
                fix="if nobody is adding clips at this moment, delete them: they may show somebody",
            )
        lost = [
            f"{one.clip.name}: {wrong}"
            for one in found.clips
            if (wrong := wrong_with(place.media, one.clip))
        ]
    if lost:
        raise DataError(
            f"{len(lost)} film{'s are' if len(lost) > 1 else ' is'} not as made",
            fix="put them back from a backup of the clips folder; ratings are kept",
            problems=lost,
        )


def _row(one: ByClip) -> tuple[str, ...]:
    alphas = [f"{a.cronbach_alpha:.2f}" for a in one.agreement.values()] or ["-", "-"]
    minutes, seconds = divmod(one.clip.frames // 10, 60)
    name = one.clip.name + (" (sim)" if one.clip.simulated else "")
    return (
        name, one.clip.session, f"{minutes}:{seconds:02d}",
        f"{one.done}/{one.clip.wanted_raters}", f"{one.covered:.0%}",
        *(alpha.replace("nan", "-") for alpha in alphas), str(one.flags),
    )  # fmt: skip
