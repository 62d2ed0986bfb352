"""A signed form, read from what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.consent import Audience, Consent, Scope
from taver.core.errors import InputError

if TYPE_CHECKING:
    import datetime as dt


def signed_form(
    form: str | None, signed_on: dt.date, scope: str | None, audience: str, *, pictures: bool
) -> Consent | None:
    """Return the form described by the options, or None where none of them was given."""
    if form is None and scope is None:
        if pictures:
            raise InputError(
                "--pictures belongs to a form", fix="name the form too: --form v1 --scope color"
            )
        return None
    if not form or not scope:
        raise InputError(
            "A consent needs both the form and its scope",
            fix="for example: --form v1 --scope color,depth,thermal",
        )
    return Consent(
        form=form,
        signed_on=signed_on,
        scopes=_scopes(scope, Audience(audience)),
        pictures=pictures,
    )


def _scopes(text: str, audience: Audience) -> dict[Scope, Audience]:
    scopes: dict[Scope, Audience] = {}
    wrong = []
    for part in text.split(","):
        name, equals, own = part.strip().lower().partition("=")
        name = {"colour": "color"}.get(name, name)
        try:
            scopes[Scope(name)] = Audience(own) if equals else audience
        except ValueError:
            wrong.append(part.strip() or "(nothing)")
    if wrong:
        raise InputError(
            f"Not understood in --scope: {', '.join(wrong)}",
            fix=f"scopes are {', '.join(Scope)}; audiences are {', '.join(Audience)}; "
            "for example color=public,sound=lab",
        )
    return scopes
