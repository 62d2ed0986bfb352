"""taver annotate import: traces of other tools become ratings."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


_USUAL = 0.9  # of a clip's frames
_EARLY_S = 5.0


@click.command("import", cls=TaverCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML that says what its columns are.  [default: as taver's own CSV]",
)
@click.option("--clip", default="", metavar="NAME", help="All rows are of this clip.")
@click.option("--rater", default="", metavar="NAME", help="All rows are of this rater.")
@database_option
@click.pass_obj
def import_(
    console: Console, file: Path, mapping: Path | None, clip: str, rater: str, database: str | None
) -> None:
    """Take the traces in FILE as ratings that are done.

    FILE is CSV, or what taver exported as JSON, for ELAN or as Parquet. Lines
    that cannot be used are told by their numbers; then nothing is imported.
    Values keep their fractions.

    Example: taver annotate import carma.csv --mapping carma.toml --clip s01-interview
    """
    from annotate_web.exchange import mapping as mappings
    from annotate_web.exchange.bring import bring
    from taver.cli.annotate_place import opened

    how = mappings.read(mapping) if mapping else mappings.OWN
    with opened(database, there=True) as annotations:
        brought = bring(annotations, file, time.time_ns(), mapping=how, clip=clip, rater=rater)
    for one in brought:
        only = f", {one.dimensions[0]} alone" if len(one.dimensions) == 1 else ""
        console.result(f"{one.clip}: {one.rater}, {one.covered:.0%} of the frames{only}")
        if one.was:
            console.say(f"  {one.was} is nobody known here: a rater without a name")
        if one.left_out:
            console.say(f"  left out: {one.left_out}")
        elif one.ends_s > _EARLY_S:
            console.say(
                f"  its last row is {one.ends_s:.0f} s before the end, and holds until there"
            )
        if one.covered < _USUAL:
            console.warn(
                f"{one.rater} said nothing of {1 - one.covered:.0%} of {one.clip}",
                fix="look at the time column: its unit and its zero. To try again: taver annotate "
                f"assign {one.clip} {one.rater} --leave-out --reason TEXT, and --rater with "
                "another name",
            )
