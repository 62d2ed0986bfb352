"""Values out of a form that a person filled in."""

from __future__ import annotations

import flask

from taver.core.errors import InputError


def text(name: str) -> str:
    """Return a field without the blanks around it."""
    return flask.request.form.get(name, "").strip()


def whole(name: str) -> int | None:
    """Return a field as a whole number, or None if it was left empty."""
    given = text(name)
    if not given:
        return None
    try:
        return int(given)
    except ValueError:
        raise InputError(
            f"{given[:40]!r} is no whole number ({name})", fix="use digits only"
        ) from None
