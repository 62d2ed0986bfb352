"""Writes one stream so that whatever was acknowledged survives the program's death."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from taver import __version__
from taver.core import atomic
from taver.core.private import FILE_MODE
from taver.core.recording import descriptor, message, wire
from taver.core.recording.checksum import crc32
from taver.core.recording.finish import Entry, ending, preamble
from taver.core.storage import explain, explained

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.errors import StorageError
    from taver.core.frames import Stamp
    from taver.core.recording.header import StreamHeader

# A file wears this until it is finished, so that nobody takes it for whole.
PARTIAL = ".partial"
LIBRARY = f"taver {__version__}"


def partial_of(path: Path) -> Path:
    """Return the name that the stream at `path` has while it is being written."""
    return path.with_name(path.name + PARTIAL)


class StreamWriter:
    """Appends frames to `<path>.partial`; `finish` writes the index and takes the suffix off.

    When `write` has returned, the operating system has the whole frame: killing the program
    loses nothing. `sync` puts it on the disk, which a power cut then cannot take.
    """

    def __init__(self, path: Path, header: StreamHeader) -> None:
        self.path = path
        self.header = header
        self.entries: list[Entry] = []
        self._broken: StorageError | None = None
        self._start = preamble(
            header.to_metadata(),
            wire.schema(
                message.schema_name(header.modality), descriptor.descriptor(header.modality)
            ),
            wire.channel(f"/{header.modality}"),
            LIBRARY,
        )
        with explained(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            handle = os.open(partial_of(path), flags, FILE_MODE)
        self._file = cast("BinaryIO", os.fdopen(handle, "wb", buffering=0))
        self._size = 0
        self._checksum = 0
        self._append(self._start.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._size

    def write(self, unix_ns: int, stamp: Stamp, data: bytes | memoryview) -> None:
        """Append one frame; it is safe from this program's death when this returns."""
        inner = message.head(
            unix_ns, stamp, self.header.codec, self.header.modality.value, len(data)
        )
        size = wire.MESSAGE_OVERHEAD + len(inner) + len(data)
        head = b"".join(
            (
                wire.RECORD_HEAD.pack(wire.MESSAGE, size - wire.RECORD_HEAD.size),
                wire.MESSAGE_HEAD.pack(
                    wire.CHANNEL_ID, len(self.entries) & 0xFFFFFFFF, unix_ns, unix_ns
                ),
                inner,
            )
        )
        chunk = wire.RECORD_HEAD.pack(
            wire.CHUNK, wire.CHUNK_HEAD.size + size
        ) + wire.CHUNK_HEAD.pack(unix_ns, unix_ns, size, crc32(data, crc32(head)), 0, size)
        at = self._size
        self._append(chunk + head, data, wire.message_index(unix_ns))
        self.entries.append(Entry(unix_ns, at, wire.CHUNK_OVERHEAD + size))

    def sync(self) -> None:
        """Put on the disk what was written so far."""
        with explained(self.path):
            if sys.platform in {"win32", "darwin"}:
                os.fsync(self._file.fileno())
            else:
                os.fdatasync(self._file.fileno())

    def finish(self) -> Path:
        """Write the index, and give the file its own name; returns that."""
        self._append(ending(self._start, self.entries, self._size, self._checksum))
        self.sync()
        self.close()
        with explained(self.path):
            partial_of(self.path).replace(self.path)
            atomic.sync_folder(self.path.parent)
        return self.path

    def close(self) -> None:
        """Let go of the file; without `finish` it stays partial, for `recover`."""
        self._file.close()

    def _append(self, *pieces: bytes | memoryview) -> None:
        """Write the pieces one behind the other, all or none of them."""
        if self._broken is not None:
            raise self._broken
        try:
            write_all(self._file, pieces)
        except OSError as error:
            self._broken = explain(error, self.path)
            # Half a frame must not be left standing behind whole ones; where even that fails,
            # `recover` cuts it off.
            with contextlib.suppress(OSError):
                self._file.seek(self._size)
                self._file.truncate(self._size)
            raise self._broken from error
        for piece in pieces:
            self._checksum = crc32(piece, self._checksum)
            self._size += len(piece)


def write_all(file: BinaryIO, pieces: tuple[bytes | memoryview, ...]) -> None:
    """Write the pieces one behind the other to an unbuffered file."""
    if sys.platform == "win32":
        rest = memoryview(b"".join(pieces))  # Windows has no call that gathers
    else:
        done = os.writev(file.fileno(), pieces)
        if done == sum(map(len, pieces)):
            return
        rest = memoryview(b"".join(pieces))[done:]
    while rest:
        rest = rest[file.write(rest) :]
