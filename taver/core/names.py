"""Names of sessions and participants: safe as a folder on every system, and in a URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from taver.core.errors import AlreadyThereError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?\Z")
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10)
}


def checked(name: str, what: str) -> str:
    """Return `name` if it can be a folder's name everywhere, else raise; `what` it names."""
    if not name:
        raise InputError(f"The {what}'s name is empty", fix=f"give a name, for example {_eg(what)}")
    if _ALLOWED.match(name) is None:
        raise InputError(
            f"{name!r} cannot name {_a(what)}",
            fix="use letters, digits, '-', '_' and '.' (not first or last), 64 at most, "
            f"for example {_eg(what)}",
        )
    if name.split(".", maxsplit=1)[0].lower() in _WINDOWS_DEVICES:
        raise InputError(
            f"{name!r} cannot name {_a(what)}: Windows keeps that name for a device",
            fix=f"choose another, for example {_eg(what)}",
        )
    return name


def fits(name: str) -> bool:
    """Tell whether `name` can be a file's or a folder's name everywhere."""
    try:
        checked(name, "file")
    except InputError:
        return False
    return True


def refuse_taken(
    name: str,
    taken: Iterable[str],
    what: str,
    *,
    fix: str = "choose another name; taver never overwrites one",
) -> None:
    """Raise if `name` is among `taken`, letters of either case counting as the same."""
    for other in taken:
        if other.casefold() == name.casefold():
            raise AlreadyThereError(f"The {what} {other!r} exists already", fix=fix)


def _a(what: str) -> str:
    return f"an {what}" if what[0] in "aeio" else f"a {what}"


def _eg(what: str) -> str:
    return {"session": "s01", "participant": "P07"}.get(what, "a1")
