"""Finds a person's words in a file of any kind, as text or among other bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from taver.dataset.forget.who import Who

_AT_ONCE: Final = 16 * 1024 * 1024
_OVERLAP: Final = 256  # a word may stand across two pieces of a file
_RUN: Final = re.compile(rb"[\x20-\x7e]+")
# A short word stands in random bytes by chance every few megabytes; beside so many further
# readable characters, once in gigabytes.
_BESIDE: Final = 5


def named_in(path: Path, who: Who) -> bool:
    """Tell whether a file names the person."""
    with explained(path), path.open("rb") as file:
        before = b""
        while data := file.read(_AT_ONCE):
            if _in_bytes(before + data, who):
                return True
            before = data[-_OVERLAP:]
    return False


def _in_bytes(data: bytes, who: Who) -> bool:
    if b"\0" not in data:
        return who.named_in(data.decode("utf-8", "replace"))
    for run in _RUN.finditer(data):
        found = who.found_in(run.group().decode("ascii"))
        if found is not None and len(run.group()) >= len(found.group()) + _BESIDE:
            return True
    return False
