"""One program at a time in a folder; a program that dies lets go of it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from taver.core.errors import BusyError
from taver.core.private import FILE_MODE
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = ".lock"
# The lock itself cannot be read by others on Windows, so who holds it is told beside it.
_HOLDER = ".lock-holder.json"
# Helpers of whoever holds it: they go on for some seconds if it dies.
_HELPERS = ".lock-helper-*"
# `is_held` takes a lock for a moment to see whether it can, and a person's change is soon done.
_PATIENCE_S = 1.0


@contextlib.contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold `folder` for the length of the block, or raise BusyError naming who does."""
    lock = filelock.FileLock(folder / _LOCK, timeout=_PATIENCE_S, mode=FILE_MODE)
    with explained(folder):
        try:
            lock.acquire()
        except filelock.Timeout:
            raise BusyError(
                f"{what} is in use{_holder(folder)}",
                fix="wait until that program has finished, or stop it; then run again",
            ) from None
    try:
        _wait_for_helpers(folder, what)
        _write_holder(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / _HOLDER).unlink()
        lock.release()


@contextlib.contextmanager
def helped(folder: Path, name: str) -> Iterator[None]:
    """Help whoever holds `folder`: if it dies, the next to hold it has to wait for us, too."""
    path = folder / _HELPERS.replace("*", name)
    lock = filelock.FileLock(path, timeout=_PATIENCE_S, mode=FILE_MODE)
    with explained(folder):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            path.unlink()


def _wait_for_helpers(folder: Path, what: str) -> None:
    for path in sorted(folder.glob(_HELPERS)):
        lock = filelock.FileLock(path, timeout=_PATIENCE_S, mode=FILE_MODE)
        with explained(folder):
            try:
                lock.acquire()
            except filelock.Timeout:
                raise BusyError(
                    f"{what} is still being finished by a recording whose master is gone",
                    fix="wait some seconds, then run again",
                ) from None
            lock.release()
        with contextlib.suppress(OSError):
            path.unlink()  # of one that was killed


def is_held(folder: Path) -> bool:
    """Tell whether some program holds `folder` now, or one of its helpers still is at work."""
    with explained(folder):
        if any(_is_taken(path) for path in folder.glob(_HELPERS)):
            return True
        if not (folder / _LOCK).exists():
            return False
        return _is_taken(folder / _LOCK)


def _is_taken(path: Path) -> bool:
    lock = filelock.FileLock(path, timeout=0, mode=FILE_MODE)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    except OSError as error:
        if error.errno == errno.EROFS:
            return False  # what nobody can write, nobody is at work in
        raise
    lock.release()
    return False


def _write_holder(folder: Path) -> None:
    holder = {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "process": os.getpid(),
        "machine": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    # The lock holds without it: on a full disk it is merely not told who has it.
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(folder / _HOLDER, flags, FILE_MODE), "w", encoding="utf-8") as file:
            json.dump(holder, file)


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / _HOLDER).read_text(encoding="utf-8"))
        return (
            f" by {holder['command']!r} (process {holder['process']} on {holder['machine']}, "
            f"since {holder['since']})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return " by another program"  # it has only just begun, or is just letting go
