"""Fetches a recording from the agent that made it: resumed where it stopped, checked by hash."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from capture.agent.spool import digest_of, hash_of
from capture.master import awaited
from capture.wire.messages import (
    CHUNK_BYTES,
    Chunk,
    Confirm,
    Digest,
    Digested,
    Done,
    Fetch,
    Holding,
    List,
)
from taver.core import atomic, names
from taver.core.errors import AlreadyThereError, BusyError, DataError, NotFoundError, StorageError
from taver.core.private import FILE_MODE
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from capture.master.awaited import AwaitedRun
    from capture.master.ledger import Ledger
    from capture.wire.link import Link
    from capture.wire.messages import Held
    from taver.core.progress import Progress

COLLECTING: Final = ".collecting"
_HASHED_WITHIN_S: Final = 600.0
_CHUNK_WITHIN_S: Final = 20.0
_TRIES: Final = 2


def collect(ledger: Ledger, agent: str, link: Link, progress: Progress) -> int:
    """Bring all that an agent holds of a session, file by file; return how many files came.

    Each file stands in session.json before the agent is told that it need not keep it.
    """
    folder = ledger.session.folder
    mine = [run for run in awaited.read(folder).runs if run.agent == agent]
    if not mine:
        return 0
    holding = link.ask(List(), Holding, seconds=_HASHED_WITHIN_S)
    held = {recording.run: recording for recording in holding.recordings}
    count = 0
    for run in mine:
        recording = held.get(run.run)
        if recording is None:
            _require_there(ledger, run)  # collected before we could note it, or never begun
        elif not recording.finished:
            raise BusyError(
                f"The agent {agent!r} still records session {recording.session}",
                fix=f"wait for its planned end, then: taver agent collect {recording.session}",
            )
        else:
            count += _collect_run(ledger, link, run, recording, progress)
        awaited.save(folder, awaited.read(folder).without(run.run))
    return count


def _collect_run(
    ledger: Ledger, link: Link, run: AwaitedRun, recording: Held, progress: Progress
) -> int:
    folder = ledger.session.folder
    noted = {(marker.name, marker.unix_ns) for marker in ledger.session.manifest.markers}
    for marker in recording.markers:
        if (marker.name, marker.unix_ns) not in noted:
            ledger.mark(marker)
    for modality, piece in recording.pieces.items():
        try:
            digest = fetch(link, run.run, piece.file, folder, progress)
        except StorageError as error:
            fix = f"free space on that disk, then: taver agent collect {ledger.session.name}"
            raise StorageError(error.what, fix=fix) from error
        ledger.put({modality: msgspec.structs.replace(piece, clock=run.clock)})
        confirm(link, run.run, piece.file, digest)
    return len(recording.pieces)


def _require_there(ledger: Ledger, run: AwaitedRun) -> None:
    """Refuse to forget a recording that neither side has."""
    session = ledger.session
    if not run.begun:
        return
    for modality, file in run.files.items():
        pieces = session.manifest.streams.get(modality)
        known = () if pieces is None else tuple(piece.file for piece in pieces.pieces)
        if file in known:
            continue
        raise NotFoundError(
            f"The agent {run.agent!r} holds no {file} of session {session.name}",
            fix="start it with the spool it had (--spool); if the recording never began "
            f"there, delete {session.folder / awaited.FILE}",
        )


def fetch(link: Link, run: str, file: str, folder: Path, progress: Progress) -> str:
    """Bring one file into `folder`; return its checksum, by which it can be confirmed."""
    path = folder / names.checked(file, "file")
    told = link.ask(Digest(run=run, file=file), Digested, seconds=_HASHED_WITHIN_S)
    if path.exists():  # it came before, and we died before we could confirm it
        if digest_of(path) == told.digest:
            return told.digest
        raise AlreadyThereError(
            f"{path} is there, and is not the {file} that the agent {link.name!r} holds",
            fix="move it away, then collect again",
        )
    part = path.with_name(path.name + COLLECTING)
    progress.begin(f"collecting {file}", -(-told.size // CHUNK_BYTES))
    for _ in range(_TRIES):
        if _bring(link, run, file, part, told, progress) == told.digest:
            with explained(path):
                part.replace(path)
                atomic.sync_folder(folder)
            return told.digest
        with explained(part):
            part.unlink()  # what was damaged on the way or on the disk is fetched anew
    raise DataError(
        f"{file} came from the agent {link.name!r} with another checksum than it has there, twice",
        fix=f"check the disk of {folder}, then: taver agent collect {folder.name}; "
        "the agent keeps the file until it has arrived whole",
    )


def confirm(link: Link, run: str, file: str, digest: str) -> None:
    """Let the agent delete a file that is safe here."""
    link.ask(Confirm(run=run, file=file, digest=digest), Done, seconds=_HASHED_WITHIN_S)


def _bring(link: Link, run: str, file: str, part: Path, told: Digested, progress: Progress) -> str:
    """Fetch what is missing of a file; return the checksum of all of it."""
    with explained(part):
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(part, flags, FILE_MODE), "wb", closefd=True) as stream:
            # A whole number of chunks is surely there; the rest of one may be torn.
            offset = min(os.fstat(stream.fileno()).st_size, told.size) // CHUNK_BYTES * CHUNK_BYTES
            stream.truncate(offset)
            stream.seek(offset)
            found = hash_of(part, offset)
            progress.advance(offset // CHUNK_BYTES)
            while offset < told.size:
                ask = Fetch(run=run, file=file, offset=offset, size=CHUNK_BYTES)
                data = link.ask(ask, Chunk, seconds=_CHUNK_WITHIN_S).data
                if not data:
                    break
                stream.write(data)
                found.update(data)
                offset += len(data)
                progress.advance()
            stream.flush()
            os.fsync(stream.fileno())
    return found.hexdigest()
