"""The folder of a session: made whole or not at all, never overwritten."""

from __future__ import annotations

import errno
import secrets
import shutil
from typing import TYPE_CHECKING

from taver.core import lock, names
from taver.core.errors import DataError, NotFoundError
from taver.core.private import make_private_folder
from taver.core.session.manifest import Manifest, State
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.frames import Modality
    from taver.core.session.manifest import Piece
    from taver.core.study import Study

MANIFEST = "session.json"


class Session:
    """One session's folder, and what its document says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = Manifest.read(folder / MANIFEST)

    @property
    def name(self) -> str:
        """What the session is called."""
        return self.manifest.name

    def stream_files(self, modality: Modality) -> list[Path]:
        """Return where the pieces of `modality` are, in the order they were recorded."""
        record = self.manifest.streams.get(modality)
        if record is None:
            recorded = ", ".join(self.manifest.streams) or "nothing"
            raise NotFoundError(
                f"Session {self.name} has no {modality} stream (it has: {recorded})",
                fix="choose one of these, or another session",
            )
        return [self.piece_file(piece) for piece in record.pieces]

    def piece_file(self, piece: Piece) -> Path:
        """Return where the file of a piece is."""
        if not names.fits(piece.file):
            raise DataError(
                f"{self.folder / MANIFEST} names a file outside its folder: {piece.file!r}",
                fix="restore session.json from a backup; it was changed outside taver",
            )
        return self.folder / piece.file

    def reload(self) -> None:
        """Read the document again: another program may have changed it."""
        self.manifest = Manifest.read(self.folder / MANIFEST)

    def save(self, manifest: Manifest) -> None:
        """Replace the document."""
        manifest.write(self.folder / MANIFEST)
        self.manifest = manifest

    @property
    def interrupted(self) -> bool:
        """Whether its recording was begun, never ended, and nobody is at it."""
        return self.manifest.state is State.RECORDING and not lock.is_held(self.folder)


def create(study: Study, manifest: Manifest) -> Session:
    """Make the folder of a new session; a name that is taken or unfit is refused."""
    parent = study.sessions_folder
    names.checked(manifest.name, "session")
    with explained(parent):
        if not parent.is_dir():
            make_private_folder(parent)
        names.refuse_taken(manifest.name, (p.name for p in parent.iterdir()), "session")
        # It appears under its name only with its document in it.
        beside = parent / f".{manifest.name}.{secrets.token_hex(4)}.new"
        make_private_folder(beside)
        try:
            manifest.write(beside / MANIFEST)
            _take_name(beside, parent / manifest.name)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    return Session(parent / manifest.name)


def _take_name(beside: Path, folder: Path) -> None:
    try:
        beside.rename(folder)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:  # just now, by another
            names.refuse_taken(folder.name, (folder.name,), "session")
        raise


def refuse_taken(study: Study, name: str, *, fix: str) -> None:
    """Refuse a name for a new session that is unfit or taken, before anything is made."""
    names.checked(name, "session")
    parent = study.sessions_folder
    with explained(parent):
        taken = [path.name for path in parent.iterdir()] if parent.is_dir() else []
    names.refuse_taken(name, taken, "session", fix=fix)


def find(study: Study, name: str) -> Session:
    """Open the session called `name`, or raise naming those there are."""
    names.checked(name, "session")
    folder = study.sessions_folder / name
    with explained(folder):
        is_there = folder.is_dir()
    if not is_there:
        known = ", ".join(p.name for p in folders(study))
        raise NotFoundError(
            f"There is no session {name!r} in {study.sessions_folder}"
            + (f" (there are: {known})" if known else " (there are none yet)"),
            fix="check the name with: taver session ls",
        )
    return Session(folder)


def folders(study: Study) -> list[Path]:
    """Return the folders of all sessions, by name; those that are being made are left out."""
    parent = study.sessions_folder
    with explained(parent):
        if not parent.is_dir():
            return []
        return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))
