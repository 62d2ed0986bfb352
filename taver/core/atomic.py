"""A file or a folder is either the old one or the new one, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sys
from typing import TYPE_CHECKING

from taver.core.private import FILE_MODE, make_private_folder
from taver.core.storage import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".tmp"
# What network disks say that know no such thing; PostgreSQL lets them pass too.
_CANNOT_SYNC_FOLDERS = {errno.EBADF, errno.EINVAL}
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends without it


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path`, durably and all at once; readable by the owner only."""
    with replacing(path) as beside:
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise explain(error, path) from error  # people know this name, not the one beside it


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside `path`; what is there when the block ends well takes `path`'s place.

    If the block fails, `path` is as it was and nothing is left beside it.
    """
    if not path.name:  # such as '.'
        raise explain(IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)), path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}")
    try:
        yield beside
        try:
            beside.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise explain(error, path) from error
    finally:
        with contextlib.suppress(OSError):  # what went wrong before is what matters
            beside.unlink()


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give a private folder beside `path`; when the block ends well it takes `path`'s place.

    A folder cannot be replaced in one step: between two renames there is none for a moment.
    """
    forget_folders_beside(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}")
    old = path.with_name(f".{path.name}.old.{secrets.token_hex(4)}{_SUFFIX}")
    try:
        make_private_folder(beside)
        yield beside
        if path.exists():
            path.rename(old)
        try:
            beside.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
        sync_folder(path.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def forget_folders_beside(path: Path) -> None:
    """Delete what a program killed inside `replacing_folder` left half-written."""
    for leftover in path.parent.glob(f".{path.name}.*{_SUFFIX}"):
        shutil.rmtree(leftover, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut; Windows does so by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise
    finally:
        os.close(descriptor)


def leftovers(folder: Path) -> list[Path]:
    """List what a program killed inside `replacing` left in `folder`: safe to delete."""
    return sorted(p for p in folder.glob(f".*{_SUFFIX}") if p.is_file())
