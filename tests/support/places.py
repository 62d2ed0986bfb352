"""Places where writing fails as it does in real life."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

from needing import STRICT, needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_NOBODY = 65534


class SmallDisk:
    """A disk in memory that is soon full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holds(self, size_kb: int, files: int = 1000) -> None:
        """Let it hold so much: more, as when other people's files were deleted, or less."""
        wrong = _mount("-o", f"remount,size={size_kb}k,nr_inodes={files}", self.folder)
        assert not wrong, wrong

    def turns_read_only(self) -> None:
        """Let nobody write to it any more, as a disk does that found itself damaged."""
        wrong = _mount("-o", "remount,ro", self.folder)
        assert not wrong, wrong


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount a disk of a megabyte at `folder` for the length of the block."""
    folder.mkdir()
    wrong = _mount("-t", "tmpfs", "-o", f"size=1000k,uid={_user()}", "tmpfs", folder)
    needs(
        not wrong,
        "a small disk that can be filled",
        install="run the tests on Linux as root, where mount is allowed",
    )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([*_as_root(), "umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make `folder`, which nobody writes to for the length of the block."""
    folder.mkdir()
    mounted = not _mount("-t", "tmpfs", "-o", "size=100k,ro", "tmpfs", folder)
    if not mounted:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if mounted:
            subprocess.run([*_as_root(), "umount", "--lazy", folder], check=True)
        else:
            folder.chmod(0o755)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Be nobody for the length of the block, where we are root: root may write anywhere."""
    if os.name == "nt" or os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _mount(*arguments) -> str:
    """Mount; return what went wrong, or nothing."""
    try:
        done = subprocess.run(
            [*_as_root(), "mount", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    except OSError as error:
        return str(error)
    return (done.stderr.strip() or "it failed") if done.returncode else ""


def _as_root() -> list[str]:
    """Return what makes a command root's; only CI may ask for that without asking a person."""
    if os.environ.get(STRICT) == "1" and _user() != 0:
        return ["sudo", "--non-interactive"]
    return []


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0
