"""Folders and files that only their owner can open: faces are personal data."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_private_folder(folder: Path) -> None:
    """Create `folder` for its owner alone; a folder that exists raises FileExistsError."""
    folder.mkdir(mode=FOLDER_MODE)
    if sys.platform == "win32":
        # Windows ignores the mode: inheritance is cut and the owner named instead.
        subprocess.run(
            ["icacls", str(folder), "/inheritance:r", "/grant:r", f"{_user()}:(OI)(CI)F"],
            check=True,
            capture_output=True,
        )
    else:
        folder.chmod(FOLDER_MODE)  # whatever the umask took away or left


def others_can_open(path: Path) -> bool:
    """Tell whether anyone but the owner may enter or read `path`."""
    if sys.platform == "win32":
        return False  # judged by access lists there, which make_private_folder sets
    return bool(path.stat().st_mode & 0o077)


def _user() -> str:
    return f"{os.environ.get('USERDOMAIN', '.')}\\{os.environ['USERNAME']}"
