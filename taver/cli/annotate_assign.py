"""taver annotate assign: who rates a clip, changed by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.command(cls=TaverCommand)
@click.argument("clip")
@click.argument("rater")
@click.option("--to", "other", metavar="RATER", help="Give it to somebody else instead.")
@click.option("--leave-out", is_flag=True, help="Let the rating not count.")
@click.option("--take-away", is_flag=True, help="Take the clip from them.")
@click.option("--reopen", is_flag=True, help="Let them go on with it.")
@click.option("--reason", default="", help="Why; needed for every change.")
@database_option
@click.pass_obj
def assign(
    console: Console,
    clip: str,
    rater: str,
    other: str | None,
    leave_out: bool,
    take_away: bool,
    reopen: bool,
    reason: str,
    database: str | None,
) -> None:
    """Give CLIP to RATER, or change what RATER has to do with it.

    taver annotate deal gives out all free places at once, by chance.

    Example: taver annotate assign s01-interview-1 rater-2 --leave-out --reason "looked away"
    """
    from annotate_web.assign import by_hand, change
    from taver.cli.annotate_place import opened
    from taver.core.errors import InputError

    if sum((other is not None, leave_out, take_away, reopen)) > 1:
        raise InputError("Several changes at once", fix="give one of --to and the flags at a time")
    now_ns = time.time_ns()
    with opened(database, there=True) as annotations:
        if other is not None:
            key = by_hand.found(annotations, clip, rater)
            change.reassign(
                annotations, None, key, by_hand.user(annotations, other), reason, now_ns
            )
        elif leave_out:
            change.exclude(
                annotations, None, by_hand.found(annotations, clip, rater), reason, now_ns
            )
        elif take_away:
            change.withdraw(
                annotations, None, by_hand.found(annotations, clip, rater), reason, now_ns
            )
        elif reopen:
            change.reopen(
                annotations, None, by_hand.found(annotations, clip, rater), reason, now_ns
            )
        else:
            by_hand.give(annotations, clip, rater, now_ns)
        console.result(by_hand.told(annotations, clip))
