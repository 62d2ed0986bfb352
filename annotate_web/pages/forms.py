"""Values out of a form that a person filled in."""

from __future__ import annotations

from urllib.parse import urlsplit

import flask

from taver.core.errors import InputError


def text(name: str) -> str:
    """Return a field without the blanks around it."""
    given = flask.request.form.get(name, "").strip()
    if "\0" in given:  # PostgreSQL keeps none
        raise InputError(f"{name} holds a character that is none", fix="type it anew")
    return given


def wanted() -> str:
    """Return the page that was asked for before logging in, if it is one of ours."""
    to = flask.request.values.get("to", "")
    try:
        parts = urlsplit(to)
    except ValueError:
        return ""
    ours = to.startswith("/") and not to.startswith(("//", "/\\")) and not parts.netloc
    return to if ours and not parts.scheme and to.isprintable() else ""


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
