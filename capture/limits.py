"""A device's settings that cannot be: every one of them is named at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


def refuse(what: str, settings: Iterable[tuple[str, object, bool]], *, fix: str) -> None:
    """Raise InputError if a setting is not good; each is its name, its value, and whether it is."""
    wrong = [f"{name} = {value}" for name, value, good in settings if not good]
    if wrong:
        raise InputError(f"{what} {', '.join(wrong)}", fix=fix)
