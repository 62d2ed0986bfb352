"""Recordings that wait on a sensor's machine until the master has them: none is lost before.

<spool>/s01.1f3a…/recording.json   what it is, and which files
<spool>/s01.1f3a…/thermal.mcap     deleted when its checksum was confirmed from the other side
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from capture.wire.messages import Held
from taver.core import lock, names
from taver.core.clock import Epoch
from taver.core.document import Document
from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.frames import DeviceInfo, Modality
from taver.core.private import make_private_folder
from taver.core.recording.recover import recover
from taver.core.recording.writer import partial_of
from taver.core.session.manifest import Marker, Piece
from taver.core.session.streams import (
    finished_piece,
    missing_from,
    stream_header,
)
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE: Final = "recording.json"
_PASSING: Final = ".passing-"
_DIGEST_BYTES: Final = 32
_READ_BYTES: Final = 1 << 20


class HeldRecording(Document, frozen=True, kw_only=True):
    """What an agent knows of one of its recordings."""

    FORMAT: ClassVar[str] = "taver-held-recording"
    VERSION: ClassVar[int] = 1

    run: str
    session: str
    participant: str | None
    part: int
    chosen: bool  # whether frames were left out for a grid
    simulated: bool
    epoch: Epoch  # of this machine's clock
    devices: tuple[DeviceInfo, ...]
    pieces: dict[Modality, Piece]  # those that were not collected yet
    markers: tuple[Marker, ...] = ()
    finished: bool = False

    def told(self) -> Held:
        """Return it as it is told to the master."""
        return Held(
            run=self.run,
            session=self.session,
            part=self.part,
            epoch=self.epoch,
            devices=self.devices,
            pieces=self.pieces,
            markers=self.markers,
            finished=self.finished,
        )


class Spool:
    """The folder of an agent; one agent at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def opened(self) -> Iterator[Spool]:
        """Hold the folder, made if it is not there, and finish what a killed agent left."""
        with explained(self.folder):
            if not self.folder.is_dir():
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                make_private_folder(self.folder)
        with lock.held(self.folder, f"The spool {self.folder}"):
            with explained(self.folder):
                for leftover in self.folder.glob(f"{_PASSING}*"):
                    shutil.rmtree(leftover, ignore_errors=True)
            yield self

    def folder_of(self, session: str, run: str) -> Path:
        """Return where the files of a recording are."""
        return self.folder / f"{names.checked(session, 'session')}.{_checked(run)}"

    def passing(self, run: str) -> Path:
        """Return where files are that nobody will want."""
        return self.folder / f"{_PASSING}{_checked(run)}"

    def begin(self, folder: Path, recording: HeldRecording) -> None:
        """Make the folder of a recording that is about to start."""
        with explained(folder):
            make_private_folder(folder)
        recording.write(folder / FILE)

    def all(self) -> list[HeldRecording]:
        """Return every recording that is here, by name."""
        with explained(self.folder):
            folders = sorted(p for p in self.folder.iterdir() if (p / FILE).is_file())
        return [HeldRecording.read(folder / FILE) for folder in folders]

    def mend(self, *, but: str = "") -> list[str]:
        """Finish what a killed agent left, or a full disk; return what could not be saved.

        `but` is the recording that is being made.
        """
        trouble = []
        for recording in self.all():
            if not recording.finished and recording.run != but:
                try:
                    self._mend(recording)
                except TaverError as error:
                    trouble.append(f"{recording.session}: {error.what}")
        return trouble

    def digest(self, run: str, file: str) -> tuple[str, int]:
        """Return the checksum and the size of a file."""
        path = self._path(run, file)
        with explained(path):
            return digest_of(path), path.stat().st_size

    def read(self, run: str, file: str, offset: int, size: int) -> bytes:
        """Return a part of a file."""
        path = self._path(run, file)
        with explained(path), path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(size)

    def confirm(self, run: str, file: str, digest: str) -> None:
        """Delete a file that is safe elsewhere, and the recording's folder after its last one."""
        path = self._path(run, file)
        recording = self._find(run)
        if not recording.finished:
            raise DataError(f"{file} is still being recorded", fix="stop the recording first")
        if digest_of(path) != digest:
            raise DataError(
                f"The checksum of {file} is not the one of the copy: it is kept",
                fix="collect it again; if that fails again, check both disks",
            )
        rest = {m: piece for m, piece in recording.pieces.items() if piece.file != file}
        with explained(path):
            if not rest:
                shutil.rmtree(path.parent)
                return
        msgspec.structs.replace(recording, pieces=rest).write(path.parent / FILE)
        with explained(path):
            path.unlink()

    def _find(self, run: str) -> HeldRecording:
        for recording in self.all():
            if recording.run == run:
                return recording
        raise NotFoundError(
            "This agent holds no such recording", fix="see what it holds: taver agent collect"
        )

    def _path(self, run: str, file: str) -> Path:
        recording = self._find(run)
        if file not in {piece.file for piece in recording.pieces.values()}:
            raise NotFoundError(
                f"The recording of {recording.session} has no file {file!r} here",
                fix="it may have been collected already",
            )
        return self.folder_of(recording.session, run) / names.checked(file, "file")

    def _mend(self, recording: HeldRecording) -> None:
        folder = self.folder_of(recording.session, recording.run)
        pieces: dict[Modality, Piece] = {}
        last_ns = recording.epoch.unix_ns
        for device in recording.devices:
            for stream in device.streams:
                piece = recording.pieces.get(stream.modality)
                if piece is None or (piece.driver, piece.serial) != (device.driver, device.serial):
                    continue
                path = folder / names.checked(piece.file, "file")
                if not path.exists() and not partial_of(path).exists():
                    continue  # killed before it was made
                header = stream_header(
                    device,
                    stream,
                    session=recording.session,
                    participant=recording.participant,
                    simulated=recording.simulated,
                    epoch=recording.epoch,
                )
                recover(path, header)
                done = finished_piece(path, piece)
                last_ns = max(last_ns, done.last_unix_ns or 0)
                pieces[stream.modality] = msgspec.structs.replace(
                    done, dropped=missing_from(path, chosen=recording.chosen)
                )
        if not pieces:
            shutil.rmtree(folder, ignore_errors=True)
            return
        broken = Marker(
            name="broken off",
            unix_ns=last_ns,
            note="the agent's program ended while it recorded",
            source="machine",
        )
        msgspec.structs.replace(
            recording, pieces=pieces, markers=(*recording.markers, broken), finished=True
        ).write(folder / FILE)


def digest_of(path: Path, up_to: int | None = None) -> str:
    """Return the BLAKE2b checksum of a file."""
    return hash_of(path, up_to).hexdigest()


def hash_of(path: Path, up_to: int | None = None) -> hashlib.blake2b:
    """Return the hash of a file's first bytes, or of all, to be gone on with."""
    found = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with explained(path), path.open("rb") as stream:
        left = path.stat().st_size if up_to is None else up_to
        while left > 0 and (data := stream.read(min(left, _READ_BYTES))):
            found.update(data)
            left -= len(data)
    return found


def _checked(run: str) -> str:
    return names.checked(run, "recording")
