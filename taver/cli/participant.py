"""taver participant: people and what they agreed to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.cli.console import Console
    from taver.core.participant import Participant, Participants

_AUDIENCES = ["lab", "request", "public"]


@click.group(cls=TaverGroup)
def participant() -> None:
    """Put people and their consent on file; every stage obeys it."""


def _people() -> Participants:
    from taver.core.study import Study

    return Study.find(Path.cwd()).participants


def _date(text: str | None) -> dt.date:
    from taver.core.errors import InputError

    today = dt.datetime.now(tz=dt.UTC).astimezone().date()
    if text is None:
        return today
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no date", fix="write it as 2026-03-31") from None
    if date > today:
        raise InputError(f"{date} is yet to come", fix="give the day on which it was done")
    return date


def _form_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that describe a signed form."""
    for option in reversed(
        (
            click.option("--form", help="Version of the form that was signed."),
            click.option("--signed", metavar="DATE", help="When.  [default: today]"),
            click.option(
                "--scope",
                help="What was agreed to, with commas: color, depth, thermal, landmarks, sound; "
                "color=public sets an audience for one of them.",
            ),
            click.option(
                "--audience",
                type=click.Choice(_AUDIENCES),
                default="lab",
                show_default=True,
                help="Who may use it: the lab, researchers on request, everybody.",
            ),
            click.option("--pictures/--no-pictures", help="May be shown in publications."),
        )
    ):
        command = option(command)
    return command


@participant.command()
@click.argument("name")
@click.option("--age", type=int, help="In years.")
@click.option("--gender", help="In the person's own word.")
@click.option("--language", help="First language, such as ko or Korean.")
@click.option("--glasses/--no-glasses", default=None, help="Glass is opaque to a thermal camera.")
@_form_options
@click.pass_obj
def add(
    console: Console,
    name: str,
    age: int | None,
    gender: str | None,
    language: str | None,
    glasses: bool | None,
    form: str | None,
    signed: str | None,
    scope: str | None,
    audience: str,
    pictures: bool,
) -> None:
    """Add the person known as NAME, a pseudonym such as P07.

    Example: taver participant add P07 --age 24 --form v2
    --scope color,depth,thermal,landmarks --audience request
    """
    from taver.cli.forms import signed_form
    from taver.core.participant import Participant

    consent = signed_form(form, _date(signed), scope, audience, pictures=pictures)
    path = _people().add(
        Participant(
            name=name,
            age_years=age,
            gender=gender,
            language=language,
            glasses=glasses,
            consents=(consent,) if consent else (),
        )
    )
    console.result(str(path))
    if consent is None:
        console.warn(
            f"{name} has no consent on file and cannot be recorded",
            fix=f"after signing: taver participant consent {name} --form v1 --scope color,depth",
        )


@participant.command()
@click.argument("name")
@_form_options
@click.pass_obj
def consent(
    console: Console,
    name: str,
    form: str | None,
    signed: str | None,
    scope: str | None,
    audience: str,
    pictures: bool,
) -> None:
    """Put a newly signed form in force; earlier ones stay on file."""
    from taver.cli.forms import signed_form
    from taver.core.errors import InputError

    agreed = signed_form(form, _date(signed), scope, audience, pictures=pictures)
    if agreed is None:
        raise InputError("No form was given", fix="name it and its scope: --form v2 --scope color")
    person = _people().sign(name, agreed)
    console.result(f"{person.name}: {agreed.in_words()}")


@participant.command()
@click.argument("name")
@click.option("--on", metavar="DATE", help="When.  [default: today]")
@click.pass_obj
def withdraw(console: Console, name: str, on: str | None) -> None:
    """Note that a person withdrew: every stage leaves them out."""
    person = _people().withdraw(name, _date(on))
    if person.consent is not None:
        console.result(f"{person.name}: {person.consent.in_words()}")


@participant.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(console: Console, name: str, yes: bool) -> None:
    """Delete all that the study holds of NAME: it cannot be undone.

    Sessions, annotations of them, recordings in datasets, files of training
    runs. Then everything is looked through for what is left, and what taver
    cannot reach is listed.
    """
    from taver.cli.progress import ConsoleProgress
    from taver.cli.sure import be_sure
    from taver.core.study import Study
    from taver.dataset.forget import person
    from taver.training.forgetting import unname

    study = Study.find(Path.cwd())
    plan = person.plan(study, name)
    console.say(f"This will be deleted of {study.folder}:")
    for line in plan.in_words(study):
        console.say(f"  {line}")
    # Told before, too: a second run, after this one was killed, may not know it any more.
    _tell_beyond(console, plan.beyond(study))
    be_sure(f"Forget {name} for good?", yes=yes, fix="read the list, and add --yes")
    with ConsoleProgress(console) as progress:
        found = person.forget(study, plan, progress, unname)
    _tell_beyond(console, plan.beyond(study))
    person.refuse_traces(found, plan.who)
    console.result(
        f"{name} is forgotten: no trace in {found.files} files and {found.cells} cells of databases"
    )


def _tell_beyond(console: Console, lines: list[str]) -> None:
    console.say("taver cannot reach:")
    for line in lines:
        console.say(f"  {line}")


@participant.command()
@click.pass_obj
def ls(console: Console) -> None:
    """List everybody, and what each agreed to."""
    people = _people()
    rows = [_row(people, name) for name in people.names()]
    if not rows:
        console.say("Nobody yet. Add somebody with: taver participant add P01 --help")
        return
    console.table(("name", "age", "gender", "language", "glasses", "consent"), rows, right=" r")


@participant.command()
@click.argument("name")
@click.pass_obj
def show(console: Console, name: str) -> None:
    """Show all that is on file of NAME."""
    for line in _lines(_people().get(name)):
        console.result(line)


def _row(people: Participants, name: str) -> list[str]:
    """Return a person's row; one whose document cannot be read says so, and hides no other."""
    from taver.core.errors import TaverError

    try:
        p = people.get(name)
    except TaverError as error:
        return [name, "", "", "", "", f"unreadable: {error.what}"]
    agreed = p.consent.in_words() if p.consent else "no form"
    return [
        p.name,
        _said(p.age_years),
        _said(p.gender),
        _said(p.language),
        _yes_no(p.glasses),
        agreed + (" (simulated)" if p.simulated else ""),
    ]


def _lines(person: Participant) -> list[str]:
    lines = [
        f"name      {person.name}" + ("  (simulated)" if person.simulated else ""),
        f"age       {_said(person.age_years)}",
        f"gender    {_said(person.gender)}",
        f"language  {_said(person.language)}",
        f"glasses   {_yes_no(person.glasses)}",
    ]
    if not person.consents:
        lines.append("consent   no form signed")
    for place, form in enumerate(reversed(person.consents)):
        lines.append(
            f"{'consent' if place == 0 else 'before'}   ".ljust(10)
            + f"form {form.form}, signed {form.signed_on}: {form.in_words()}"
        )
    return lines


def _said(value: object) -> str:
    return "-" if value is None else str(value)


def _yes_no(value: bool | None) -> str:
    return "-" if value is None else ("yes" if value else "no")
