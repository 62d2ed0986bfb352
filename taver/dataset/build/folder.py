"""A dataset in a folder: built in a hidden one beside it, and put in its place by renaming."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from taver.core import atomic, lock
from taver.core.errors import BusyError, InputError
from taver.core.private import make_private_folder
from taver.core.storage import explained
from taver.dataset import schema
from taver.dataset.build.ours import refuse_foreign
from taver.dataset.build.places import BLOCKS, DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OLD: Final = "old"
_PATIENCE_S: Final = 8.0
_PARTIAL: Final = "*.partial"  # what zarr calls a file until it is whole


class Folder:
    """A folder that is, or will be, a dataset."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.name = str(path)
        self._staging = self.path.with_name(f".{self.path.name}.building")

    def published(self) -> Any | None:
        """Open what is there; None if nothing is. What is not a dataset of ours is refused."""
        import zarr

        self._refuse_file_above()
        self.mend()
        with explained(self.path):
            if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
                return None
            told = (self.path / "zarr.json").read_bytes() if self.path.is_dir() and (
                self.path / "zarr.json"
            ).is_file() else None  # fmt: skip
        refuse_foreign(told, self.name)
        return zarr.open_group(self.path, mode="r", zarr_format=3)

    def explained(self) -> contextlib.AbstractContextManager[None]:
        """Let what goes wrong with the disk out of the block only in words."""
        return explained(self.path)

    def outputs(self) -> tuple[Path, ...]:
        """Return what is written."""
        return (self.path,)

    def room_bytes(self) -> int:
        """Return how much may be written."""
        parent = self._above()
        with explained(parent):
            return shutil.disk_usage(parent).free

    def noted(self) -> frozenset[str]:
        """Return the keys of all that a build which was stopped noted as done."""
        return frozenset(FolderStaging(self._staging).keys(BLOCKS))

    @contextlib.contextmanager
    def building(self) -> Iterator[FolderStaging]:
        """Go on with a build that was stopped, or begin one; one program at a time."""
        until_s = time.monotonic() + _PATIENCE_S
        with contextlib.ExitStack() as held:
            while True:
                with explained(self.path):
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    if not self._staging.is_dir():
                        make_private_folder(self._staging)
                try:
                    held.enter_context(
                        lock.held(self._staging, f"The dataset {self.name} that is being built")
                    )
                except BusyError:
                    # Workers of a build that was killed end soon; so may another build.
                    if time.monotonic() > until_s:
                        raise
                    continue
                if (self._staging / ".lock").exists():
                    break
                held.close()  # another build has just ended, and taken its folder away
            with explained(self._staging):
                if not (self._staging / DATA).is_dir():
                    make_private_folder(self._staging / DATA)
            yield FolderStaging(self._staging)

    def _above(self) -> Path:
        """Return the folder in which it is, or the nearest one above that is there."""
        with explained(self.path):
            return next(parent for parent in self.path.parents if parent.exists())

    def _refuse_file_above(self) -> None:
        above = self._above()
        if not above.is_dir():
            raise InputError(
                f"{self.name} cannot be: {above} is a file and no folder",
                fix="give another --out, or another store in study.toml",
            )

    def mend(self) -> None:
        """Bring back what a program that died between two renamings left without its name."""
        old = self._staging / _OLD
        if old.is_dir() and not lock.is_held(self._staging):
            with explained(self.path):
                if not self.path.exists():
                    old.rename(self.path)
                else:
                    shutil.rmtree(old, ignore_errors=True)


class FolderStaging:
    """A dataset that is being built in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = str(path)
        self._target = path.with_name(path.name.removeprefix(".").removesuffix(".building"))

    @contextlib.contextmanager
    def helping(self) -> Iterator[None]:
        """Work on it for the length of the block: nobody else publishes it meanwhile."""
        helper = f"{platform.node()}-{os.getpid()}-{threading.get_ident()}"
        with lock.helped(self.path, helper):
            yield

    def store(self) -> Path:
        """Return zarr's store of the dataset to be, rid of what was only begun when it stopped."""
        data = self.path / DATA
        with explained(self._target):
            for leftover in data.rglob(_PARTIAL):
                leftover.unlink()
            folders = sorted(path for path in data.rglob("*") if path.is_dir())
            for folder in reversed(folders):  # what is inside first
                if not any(folder.iterdir()):
                    folder.rmdir()
        return data

    def recording(self, name: str) -> Any:
        """Return the group of a recording, to write into."""
        import zarr

        return zarr.open_group(
            self.path / DATA, path=f"{schema.RECORDINGS}/{name}", mode="r+", zarr_format=3
        )

    def put(self, key: str, data: bytes) -> None:
        """Keep something beside the dataset, all at once."""
        path = self.path / key
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, data)

    def get(self, key: str) -> bytes | None:
        """Return what was kept, or None."""
        path = self.path / key
        with explained(path):
            return path.read_bytes() if path.is_file() else None

    def keys(self, under: str) -> Iterator[str]:
        """Yield the keys of what was kept under a prefix."""
        folder = self.path / under
        with explained(folder):
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.is_file() and not path.name.startswith("."):
                    yield path.relative_to(self.path).as_posix()

    def reuse(self, recording: str, array: str) -> None:
        """Take an array of the published dataset over as it is, without writing it again.

        The files get a second name, which costs nothing; on disks that know no such thing they
        are copied.
        """
        inside = f"{schema.RECORDINGS}/{recording}/{array}"
        source, target = self._target / inside, self.path / DATA / inside
        with explained(target):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, copy_function=_linked)

    def drop(self, recording: str) -> None:
        """Forget a recording of the dataset to be; first of all which parts of it are done."""
        for path in (
            self.path / BLOCKS / recording, self.path / DATA / schema.RECORDINGS / recording
        ):  # fmt: skip
            with explained(path):
                if path.exists():
                    shutil.rmtree(path)

    def publish(self) -> None:
        """Put the dataset to be in the place of what was there before."""
        data, old = self.path / DATA, self.path / _OLD
        with explained(self._target):
            for leftover in data.rglob(_PARTIAL):
                leftover.unlink()
            if self._target.exists():
                self._target.rename(old)
            try:
                data.rename(self._target)
            except OSError:
                if old.exists():
                    old.rename(self._target)
                raise
            atomic.sync_folder(self._target.parent)
        # What is left over by a kill here must never look like blocks that are done.
        for path in sorted(self.path.iterdir()):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
