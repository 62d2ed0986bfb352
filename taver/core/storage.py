"""What the operating system refused, told so that a person can act on it."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from taver.core.errors import StorageError, TaverError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def explain(error: OSError, path: Path | str) -> StorageError:
    """Turn an OSError met at `path` into a StorageError with its fix."""
    where = str(path)
    if error.errno in _FULL:
        return StorageError(
            f"No room left to write {where} ({error.strerror})",
            fix="free space on that disk, or point study.toml at a larger one, and run again",
        )
    if error.errno in _FORBIDDEN:
        return StorageError(
            f"No permission for {where}",
            fix="run as the user who owns the study, or give yourself access to that folder",
        )
    if error.errno == errno.EROFS:
        return StorageError(
            f"{where} is on a disk that is mounted read-only",
            fix="remount it for writing, or choose another folder",
        )
    if error.errno == errno.ENOENT:
        return StorageError(
            f"{where} is not there",
            fix="check the path, and that the disk it is on is mounted",
        )
    if error.errno in {errno.ENOTDIR, errno.EISDIR}:
        return StorageError(
            f"{where}: a file stands where a folder is expected, or the other way round",
            fix="move it out of the way, or choose another path",
        )
    return StorageError(
        f"{where}: {error.strerror or error}",
        fix="check that the disk is there and healthy, then run again",
    )


@contextlib.contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Let no OSError out of the block but as a StorageError about `path`."""
    try:
        yield
    except TaverError:
        raise  # several of them are OSErrors too, and know better what is wrong
    except OSError as error:
        raise explain(error, error.filename or path) from error
