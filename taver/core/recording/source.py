"""Bytes of a file by place, from any thread."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Self

from taver.core.errors import NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path


class Source:
    """An open file that is read by place; no memory map, which a vanishing disk would kill."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFoundError(f"There is no file {path}", fix="check the session's folder")
        self.path = path
        with explained(path):
            self._file = path.open("rb", buffering=0)
            self.size = os.fstat(self._file.fileno()).st_size
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, at: int, size: int) -> bytes:
        """Return `size` bytes from `at` on, or fewer where the file ends."""
        with explained(self.path):
            if sys.platform == "win32":
                with self._turn:
                    self._file.seek(at)
                    return self._file.read(size)
            data = os.pread(self._file.fileno(), size, at)
            while 0 < len(data) < size:  # one call reads 2 GiB at most, or is interrupted
                more = os.pread(self._file.fileno(), size - len(data), at + len(data))
                if not more:
                    break
                data += more
            return data

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
