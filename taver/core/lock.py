"""One program at a time in a folder; a program that dies lets go of it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from taver.core.errors import BusyError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = ".lock"
# The lock itself cannot be read by others on Windows, so who holds it is told beside it.
_HOLDER = ".lock-holder.json"


@contextlib.contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold `folder` for the length of the block, or raise BusyError naming who does."""
    lock = filelock.FileLock(folder / _LOCK, timeout=0, mode=0o600)
    with explained(folder):
        try:
            lock.acquire()
        except filelock.Timeout:
            raise BusyError(
                f"{what} is in use{_holder(folder)}",
                fix="wait until that program has finished, or stop it; then run again",
            ) from None
    try:
        _write_holder(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / _HOLDER).unlink()
        lock.release()


def is_held(folder: Path) -> bool:
    """Tell whether some program holds `folder` now."""
    if not (folder / _LOCK).exists():
        return False
    lock = filelock.FileLock(folder / _LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    lock.release()
    return False


def _write_holder(folder: Path) -> None:
    holder = {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "process": os.getpid(),
        "machine": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    with explained(folder):
        (folder / _HOLDER).write_text(json.dumps(holder), encoding="utf-8")


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / _HOLDER).read_text(encoding="utf-8"))
        return (
            f" by {holder['command']!r} (process {holder['process']} on {holder['machine']}, "
            f"since {holder['since']})"
        )
    except (OSError, ValueError, KeyError):
        return " by another program"  # it has only just begun, or is just letting go
