"""Puts a new rig where the study keeps it, with its report; an older one is kept beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from calibration import store
from calibration.report.page import report
from calibration.rig import Rig
from taver.core import atomic
from taver.core.errors import TaverError
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from calibration.make import Made


class Kept(NamedTuple):
    """Where everything is."""

    rig: Path
    report: Path | None
    before: Path | None  # the rig that was there


def keep(rig: Rig, path: Path, made: Made | None = None) -> Kept:
    """Write the rig to `path`, and its report if there is more to tell than the rig itself."""
    before = _set_aside(path)
    told = None
    if made is not None:
        told = path.with_name(f"{path.stem}-report.html")
        atomic.write_bytes(told, report(made).encode())
    store.write(rig, path)
    return Kept(path, told, before)


def _set_aside(path: Path) -> Path | None:
    """Copy the rig that is at `path` to a name with its date; return that name."""
    with explained(path):
        if not path.is_file():
            return None
        data = path.read_bytes()
    try:
        date = Rig.read(path).made
    except TaverError:
        date = "unreadable"
    stamp = re.sub(r"[^0-9A-Za-z]+", "-", date).strip("-") or "undated"
    aside = path.with_name(f"{path.stem}-{stamp}{path.suffix}")
    number = 1
    with explained(aside):
        while aside.exists() and aside.read_bytes() != data:
            number += 1
            aside = path.with_name(f"{path.stem}-{stamp}-{number}{path.suffix}")
        there = aside.exists()
    if not there:
        atomic.write_bytes(aside, data)
    return aside
