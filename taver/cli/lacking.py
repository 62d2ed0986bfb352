"""A package that could not be imported: which extra brings it, and the line that installs it."""

from __future__ import annotations

import re
from typing import Final

from taver.core import home, install
from taver.core.errors import MissingExtraError

_WANTED: Final = re.compile(r"([\w.-]+).*?(?:;\s*extra == ['\"]([\w-]+)['\"])?$")
_OF_ALL: Final = ("all", "test", "dev")


def lacking(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return what to tell a person, or None if it is a module of taver itself."""
    module = (error.name or "").partition(".")[0]
    if not module or module in home.IMPORTED_AS:
        return None
    found = home.installed()
    fix = "taver doctor shows what is missing, with the lines that install it"
    for line in (found.requires or ()) if found is not None else ():
        wanted = _WANTED.match(line)
        if wanted is None or _as_module(wanted[1]) != module or wanted[2] in _OF_ALL:
            continue
        fix = install.with_extra(wanted[2]) if wanted[2] else install.taver()
        break
    return MissingExtraError(f"The package {module!r} is needed for that, and not there", fix=fix)


def _as_module(name: str) -> str:
    return re.split(r"[^\w.-]", name)[0].replace("-", "_").lower()
