"""The JSON of a request, and of an answer that says no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import flask

from taver.core.errors import InputError

if TYPE_CHECKING:
    from taver.core.errors import TaverError

_DEEPEST: Final = 20


def asked() -> dict[str, Any]:
    """Return the object that was sent."""
    try:
        given = flask.request.get_json(silent=True)
    except RecursionError:  # brackets without end
        given = None
    if not isinstance(given, dict):
        raise InputError("The request holds no JSON object", fix="send one, as application/json")
    if _is_too_deep(given):
        raise InputError(
            "The request is nested too deeply",
            fix=f"put at most {_DEEPEST} objects or lists into one another",
        )
    return given


def word(name: str) -> str:
    """Return a text of the object that was sent."""
    value = asked().get(name)
    if not isinstance(value, str):
        raise InputError(f"{name!r} is missing, or no text", fix="send it")
    return value


def number(name: str) -> int | None:
    """Return a whole number of the object that was sent, or None."""
    value = asked().get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{name!r} is no whole number", fix="send one")
    return value


def _is_too_deep(given: Any) -> bool:
    """Tell whether it is nested so deeply that what works on it later might not get through."""
    level = [given]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, (dict, list)) for inner in level)


def no(error: TaverError) -> dict[str, Any]:
    """Return an error as pages' programs read it."""
    told: dict[str, Any] = {"error": error.what, "fix": error.fix, "code": code(error)}
    if error.problems:
        told["problems"] = list(error.problems)
    return told


def code(error: TaverError) -> str:
    """Return an error's kind as a word, such as not_logged_in: texts are looked up by it."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
