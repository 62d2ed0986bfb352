"""Reads one finished stream: any frame by number or by time, each with its checksum checked."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from taver.core.errors import DataError, InputError
from taver.core.nearest import nearest
from taver.core.recording import chunk
from taver.core.recording.front import DamagedFrontError, read_front
from taver.core.recording.source import Source
from taver.core.recording.tail import entries, read_summary
from taver.core.recording.writer import PARTIAL, partial_of
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.frames import Stamp
    from taver.core.recording.header import StreamHeader
    from taver.core.recording.message import Stored

# What stands before a frame's pixels is shorter than this.
_HEAD_BYTES: Final = 512


class StreamReader:
    """An open stream; frames are numbered from 0 in the order they were written."""

    def __init__(self, path: Path) -> None:
        if not path.exists() and partial_of(path).exists():
            raise DataError(
                f"{path.name} in {path.parent} was never finished ({path.name + PARTIAL} is there)",
                fix=f"taver session recover {path.parent.name}",
            )
        self._source = Source(path)
        try:
            self.header: StreamHeader = read_front(self._source).header
            self._entries = entries(read_summary(self._source)[1])
        except DataError:
            self.close()
            raise
        except (ValueError, DamagedFrontError) as error:
            self.close()
            raise DataError(
                f"{path} is damaged: {error}",
                fix=f"taver session recover {path.parent.name}",
            ) from None
        self.unix_ns = np.array([entry.log_ns for entry in self._entries], np.int64)
        self._by_time = np.argsort(self.unix_ns, kind="stable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Stored]:
        return (self.read(number) for number in range(len(self)))

    def read(self, number: int) -> Stored:
        """Return the frame of that number; raises DataError if its bytes have changed."""
        if not 0 <= number < len(self):
            raise InputError(
                f"{self._source.path} has no frame {number}; it has {len(self)}",
                fix=f"ask for 0 to {len(self) - 1}" if len(self) else "it is an empty recording",
            )
        entry = self._entries[number]
        body = memoryview(self._source.read(entry.at, entry.size))
        what = chunk.problem(body) if len(body) == entry.size else "it is cut off"
        if what is None:
            try:
                return chunk.stored(body)
            except ValueError as error:
                what = str(error)
        raise DataError(
            f"{self._source.path}: frame {number} at byte {entry.at} is damaged: {what}",
            fix=f"taver session recover {self._source.path.parent.name} (it keeps all others)",
        )

    def stamp(self, number: int) -> Stamp:
        """Return a frame's stamp without reading its pixels, and so without its checksum."""
        entry = self._entries[number]
        start = memoryview(self._source.read(entry.at, min(entry.size, _HEAD_BYTES)))
        try:
            return chunk.stamp(start)
        except (ValueError, struct.error):
            return self.read(number).stamp  # which tells what is wrong with it

    def nearest(self, unix_ns: int) -> int:
        """Return the number of the frame taken nearest to that time; the earlier of two."""
        if not len(self):
            raise InputError(f"{self._source.path} is empty", fix="choose another recording")
        return int(
            self._by_time[nearest(self.unix_ns[self._by_time], np.asarray(unix_ns, np.int64))]
        )

    def between(self, start_ns: int, end_ns: int) -> Iterator[Stored]:
        """Yield the frames from `start_ns` on and before `end_ns`, by time."""
        times = self.unix_ns[self._by_time]
        first, last = np.searchsorted(times, [start_ns, end_ns])
        return (self.read(int(number)) for number in self._by_time[first:last])

    def close(self) -> None:
        """Let go of the file."""
        with explained(self._source.path):
            self._source.close()
