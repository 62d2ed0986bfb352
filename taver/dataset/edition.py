"""Notices that another dataset has taken the place of the one that was opened in a folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from taver.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DOCUMENT: Final = "zarr.json"  # of the root: every build writes its own


class Edition:
    """The dataset that is in a folder now; without a folder nothing is noticed."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._was = self._now()

    def check(self) -> None:
        """Raise DataError if it is another one by now: what is read would be of two."""
        if self._folder is not None and self._now() != self._was:
            raise DataError(
                f"{self._folder} was built anew or changed since it was opened",
                fix="open it, or run, again: nothing was read of the new one as if it were of the "
                "old",
            )

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Let nothing out of the block, no error either, that comes of two datasets."""
        try:
            yield
        finally:
            self.check()

    def _now(self) -> tuple[int, int] | None:
        if self._folder is None:
            return None
        try:
            told = (self._folder / _DOCUMENT).stat()
        except OSError:
            return None  # it is between two renamings, or gone
        return told.st_ino, told.st_mtime_ns
