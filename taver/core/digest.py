"""What tells a file's content from any other content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, in hexadecimal digits."""
    with explained(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
