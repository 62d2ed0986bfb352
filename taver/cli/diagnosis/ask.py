"""Asks every driver what it lacks; runs in a process of its own, see drivers.py."""

from __future__ import annotations

import os

import msgspec

from taver.core import home
from taver.core.errors import TaverError

REPORT = "report it to whoever wrote that driver"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one driver said."""

    name: str
    ok: bool
    detail: str
    install: str = ""


class Names(msgspec.Struct, frozen=True):
    """Which drivers will be asked, in this order."""

    names: tuple[str, ...]


def ask(passed_over: list[str]) -> None:
    """Write the names of the drivers to standard output, a line for each one's answer, and end."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a vendor's library prints must not be taken for an answer

    from capture import registry

    names = tuple(name for name in registry.entries() if name not in passed_over)
    os.write(answers, msgspec.json.encode(Names(names)) + b"\n")
    for name in names:
        os.write(answers, msgspec.json.encode(_answer(name)) + b"\n")
    os._exit(0)  # past whatever a vendor's library does, or breaks, on the way out


def _answer(name: str) -> Answer:
    from capture import registry

    entry = registry.entries()[name]
    foreign = entry.dist is not None and entry.dist.name != home.NAME
    whose = f", of {entry.dist.name} {entry.dist.version}" if foreign and entry.dist else ""
    try:
        lacks = registry.load(name).missing()
    except TaverError as error:
        return Answer(name=name, ok=False, detail=error.what, install=error.fix)
    except Exception as error:  # noqa: BLE001  a stranger's driver may raise anything
        said = f"{entry.value}{whose}, failed: {type(error).__name__}: {error}"
        return Answer(name=name, ok=False, detail=said, install=REPORT)
    return Answer(name=name, ok=True, detail=f"{entry.value}{whose}", install=str(lacks or ""))
