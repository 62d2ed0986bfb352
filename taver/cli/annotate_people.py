"""taver annotate people, deal: who annotates, and what."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand, TaverGroup

if TYPE_CHECKING:
    from taver.cli.console import Console

_ROLES = ["annotator", "lead", "administrator"]


@click.group(cls=TaverGroup)
def people() -> None:
    """Invite annotators and look after them; each command is also on the People page."""


@people.command()
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    default="annotator",
    show_default=True,
    help="What they may do.",
)
@click.option(
    "--count", type=click.IntRange(1, 100), default=1, show_default=True, help="How many links."
)
@click.option(
    "--public-url",
    metavar="URL",
    default="http://127.0.0.1:7300",
    show_default=True,
    help="How their browsers find the server.",
)
@database_option
@click.pass_obj
def invite(console: Console, role: str, count: int, public_url: str, database: str | None) -> None:
    """Print links that let one person in each.

    A link holds once, and for 14 days. Send it so that nobody else reads it.
    """
    from annotate_web.auth import invitations
    from annotate_web.db.tables import Role
    from annotate_web.serve import check_url
    from annotate_web.settings import Limits
    from taver.cli.annotate_place import opened

    public_url = public_url.rstrip("/")
    check_url(public_url)
    with opened(database) as annotations, annotations.writing() as connection:
        made = [
            invitations.invite(connection, None, Role(role), time.time_ns(), Limits())
            for _ in range(count)
        ]
    for token in made:
        console.result(f"{public_url}/invite/{token}")


@people.command()
@database_option
@click.pass_obj
def ls(console: Console, database: str | None) -> None:
    """List everybody, and how far they have come."""
    from annotate_web.people.listed import listed
    from taver.cli.annotate_place import opened

    with opened(database, there=True) as annotations, annotations.reading() as connection:
        rows = listed(connection)
    if not rows:
        console.say("Nobody yet. Let somebody in with: taver annotate people invite")
        return
    console.table(("name", "role", "open", "working", "done", "state"), rows, right="  rrr")


@people.command()
@click.argument("name")
@database_option
@click.pass_obj
def password(console: Console, name: str, database: str | None) -> None:
    """Print a password for NAME that holds for one log-in."""
    from annotate_web.auth.accounts import give_one_time_password
    from taver.cli.annotate_place import opened

    with opened(database, there=True) as annotations:
        console.result(give_one_time_password(annotations, name, time.time_ns()))


@people.command()
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let them in again.")
@click.option("--free", is_flag=True, help="Let others have the clips they have not finished.")
@database_option
@click.pass_obj
def disable(console: Console, name: str, enable: bool, free: bool, database: str | None) -> None:
    """Let NAME in no more; what they did stays.

    Without --free they keep the clips that are given to them, for when they
    come back.
    """
    from annotate_web.assign.change import leave
    from annotate_web.auth.accounts import by_name, set_disabled
    from taver.cli.annotate_place import opened
    from taver.core.errors import InputError

    if enable and free:
        raise InputError(
            "--enable lets them in again, --free takes their clips away", fix="give one of both"
        )
    now_ns, freed = time.time_ns(), 0
    with opened(database, there=True) as annotations, annotations.drawing() as connection:
        key = by_name(connection, name).id
        set_disabled(connection, None, key, now_ns, disabled=not enable)
        if free:
            freed = leave(connection, None, key, "may not log in any more", now_ns, practice=False)
    told = f", {freed} clip{'' if freed == 1 else 's'} free for others" if free else ""
    console.result(f"{name}: {'active' if enable else 'may not log in'}{told}")


@people.command()
@click.argument("name")
@click.option("--to", "path", type=click.Path(path_type=Path), help="File.  [default: NAME.json]")
@database_option
@click.pass_obj
def export(console: Console, name: str, path: Path | None, database: str | None) -> None:
    """Write all that is on file of NAME, to hand to them."""
    from annotate_web.auth.accounts import by_name
    from annotate_web.people.personal import exported
    from taver.cli.annotate_place import opened
    from taver.core import atomic

    with opened(database, there=True) as annotations, annotations.reading() as connection:
        row = by_name(connection, name)
        told = exported(connection, row.id)
    path = path or Path(f"{row.name}.json")
    atomic.write_bytes(path, told.encode())
    console.result(str(path))


@people.command()
@click.argument("name")
@click.option("--ratings", is_flag=True, help="Erase all that they rated, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_option
@click.pass_obj
def erase(console: Console, name: str, ratings: bool, yes: bool, database: str | None) -> None:
    """Erase who NAME is; nothing brings it back.

    Ratings stay under a number unless --ratings is given. Words go: comments,
    reasons given when a clip of theirs was changed. What was copied to labels,
    datasets and backups is not reached: make those again.
    """
    from annotate_web.auth.accounts import by_name
    from annotate_web.people.personal import erase as erased
    from taver.cli.annotate_place import opened
    from taver.cli.sure import be_sure

    with opened(database, there=True) as annotations:
        with annotations.reading() as connection:
            key = by_name(connection, name).id
        be_sure(f"Erase {name} for good?", yes=yes)
        with annotations.drawing() as connection:
            told = erased(connection, None, key, time.time_ns(), ratings=ratings)
        annotations.forget()
    console.result(told.name)
    console.say(
        f"Words erased: comments {told.words.comments}, reasons {told.words.reasons}. Make labels "
        "and datasets anew, and delete backups of before: restoring one brings the person back."
    )


@people.command()
@click.option(
    "--to",
    "path",
    type=click.Path(path_type=Path),
    default=Path("minutes.csv"),
    show_default=True,
    help="File.",
)
@database_option
@click.pass_obj
def minutes(console: Console, path: Path, database: str | None) -> None:
    """Write how long each annotator worked on each clip.

    Minutes with the film playing count in full, pauses up to a minute each.
    """
    from annotate_web.people.minutes import table, written
    from taver.cli.annotate_place import opened
    from taver.core import atomic

    with opened(database, there=True) as annotations, annotations.reading() as connection:
        told = written(table(connection))
    atomic.write_bytes(path, told.encode())
    console.result(str(path))


@click.command(cls=TaverCommand)
@click.option("--seed", type=click.IntRange(min=0), help="To draw the same again.")
@database_option
@click.pass_obj
def deal(console: Console, seed: int | None, database: str | None) -> None:
    """Give each clip the annotators it lacks, all of them much the same to do.

    Draw again whenever clips or annotators were added: what was given stays.
    """
    from annotate_web.assign.deal import deal as dealt
    from taver.cli.annotate_held import tell_held
    from taver.cli.annotate_place import opened

    with opened(database, there=True) as annotations:
        drawn = dealt(annotations, None, time.time_ns(), seed=seed)
        console.result(f"{drawn.made} given, by seed {drawn.seed}")
        if drawn.lacking:
            console.warn(
                f"{drawn.lacking} place{' has' if drawn.lacking == 1 else 's have'} nobody left",
                fix="invite more annotators (taver annotate people invite), then deal again",
            )
        with annotations.reading() as connection:
            tell_held(console, connection)
