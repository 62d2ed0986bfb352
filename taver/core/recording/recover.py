"""Gives back every whole frame of a stream that was cut off or damaged."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from taver.core import atomic
from taver.core.errors import DataError, StorageError
from taver.core.progress import Silent
from taver.core.recording import chunk, wire
from taver.core.recording.checksum import crc32
from taver.core.recording.finish import Preamble, ending
from taver.core.recording.scan import Scan, checksum_of, scan
from taver.core.recording.source import Source
from taver.core.recording.writer import StreamWriter, partial_of, write_all
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.core.recording.header import StreamHeader

# What was damaged is kept under this name beside what was saved from it.
DAMAGED = ".damaged"
_ROOM_FOR_THE_END_BYTES = 4 * 2**20


class Rescue(NamedTuple):
    """What became of one stream."""

    frames: int
    lost: int  # frames whose bytes are damaged beyond repair
    cut_bytes: int  # of a frame that was being written when the program died
    changed: bool  # False where there was nothing to do


def recover(path: Path, known: StreamHeader | None, progress: Progress | None = None) -> Rescue:
    """Make the stream at `path`, or what there is of it, whole; safe to run again.

    `known` is the header to use where the file's own is damaged.
    """
    where = path if path.exists() else partial_of(path)
    with Source(where) as source:
        try:
            found = scan(source, progress)
        except DataError:
            if known is None:
                raise
            # Even its first bytes are gone, but somebody knows what it was.
            found = scan(source, progress, headless=True)
            if not found.entries and source.size >= len(wire.MAGIC):
                raise
        if not found.damage and found.finished:
            _rename(source, path)
            return Rescue(len(found.entries), 0, 0, changed=where != path)
        if not found.damage and found.front is not None:
            _finish_in_place(source, found, found.front.preamble)
            _rename(source, path)
            return Rescue(len(found.entries), 0, found.torn_bytes, changed=True)
        return _copy(source, found, path, known, progress or Silent())


def _finish_in_place(source: Source, found: Scan, start: Preamble) -> None:
    """Cut off what is torn and write the end that is missing: this needs hardly any room."""
    index, at = b"", len(start.data)
    if found.entries:
        last = found.entries[-1]
        index, at = wire.message_index(last.log_ns), last.at + last.size
    checksum = crc32(index, checksum_of(source, at))
    end = ending(start, found.entries, at + len(index), checksum)
    with explained(source.path), source.path.open("r+b", buffering=0) as file:
        file.truncate(at)
        file.seek(at)
        write_all(file, (index, end))
        os.fsync(file.fileno())


def _rename(source: Source, path: Path) -> None:
    source.close()  # Windows renames no open file
    if source.path != path:
        with explained(path):
            source.path.replace(path)
            atomic.sync_folder(path.parent)


def _copy(
    source: Source, found: Scan, path: Path, known: StreamHeader | None, progress: Progress
) -> Rescue:
    """Copy every whole frame into a new file; the damaged one is kept beside it."""
    header = found.front.header if found.front else known
    if header is None:
        raise DataError(
            f"{source.path}: what stood before the first frame is damaged",
            fix="restore it from a backup; without it nobody knows what was recorded",
        )
    needed = sum(entry.size for entry in found.entries) + _ROOM_FOR_THE_END_BYTES
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise StorageError(
            f"To copy {len(found.entries)} frames out of {path.name}, {needed / 1e6:.0f} MB are "
            f"needed; {free / 1e6:.0f} MB are free",
            fix="free space on that disk, then run it again; nothing was changed",
        )
    fresh = path.with_name(f"{path.name}.rescued")
    for leftover in (fresh, partial_of(fresh)):
        leftover.unlink(missing_ok=True)  # of a rescue that was interrupted
    progress.begin(f"copying {path.name}", len(found.entries))
    with StreamWriter(fresh, header) as writer:
        for entry in found.entries:
            frame = chunk.stored(memoryview(source.read(entry.at, entry.size)))
            writer.write(frame.unix_ns, frame.stamp, frame.data)
            progress.advance()
        writer.finish()
    source.close()
    with explained(path):
        source.path.replace(_kept(path))
        fresh.replace(path)
        atomic.sync_folder(path.parent)
    return Rescue(len(found.entries), found.lost, found.torn_bytes, changed=True)


def _kept(path: Path) -> Path:
    """Return a free name for the damaged original."""
    name = path.with_name(path.name + DAMAGED)
    count = 2
    while name.exists():
        name, count = path.with_name(f"{path.name}{DAMAGED}-{count}"), count + 1
    return name
