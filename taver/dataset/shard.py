"""One shard of a Zarr v3 array: its file mapped into memory, and its index."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_NOTHING: Final = 2**64 - 1  # where a chunk would be that was not written
_ENTRY: Final = 16  # an offset and a length of 8 bytes
_SUM: Final = struct.Struct("<I")


class Shard:
    """The chunks of a shard as they are stored."""

    def __init__(self, data: memoryview, entries: list[tuple[int, int] | None]) -> None:
        self._data = data
        self._entries = entries

    def chunk(self, number: int) -> memoryview | None:
        """Return the bytes of a chunk, or None where only the fill value is."""
        entry = self._entries[number]
        return None if entry is None else self._data[entry[0] : entry[1]]


def open_shard(path: Path, chunks: int, *, index_first: bool = False) -> Shard | None:
    """Map the file at `path` and read its index; None where there is no file."""
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        return None
    except ValueError:  # an empty file cannot be mapped
        raise _damaged(path, "it is empty") from None
    length = chunks * _ENTRY + _SUM.size
    if len(data) < length:
        raise _damaged(path, "it is shorter than its index")
    told = bytes(data[:length] if index_first else data[-length:])
    if crc32c(told[: -_SUM.size]) != _SUM.unpack(told[-_SUM.size :])[0]:
        raise _damaged(path, "its index does not match its checksum")
    pairs = np.frombuffer(told[: -_SUM.size], "<u8").reshape(chunks, 2).tolist()
    entries: list[tuple[int, int] | None] = []
    for offset, size in pairs:
        if offset == size == _NOTHING:
            entries.append(None)
        elif offset + size > len(data):
            raise _damaged(path, "its index points behind its end")
        else:
            entries.append((offset, offset + size))
    return Shard(data, entries)


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `data`; slow, for indexes of some hundred bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE: Final = _table()


def _damaged(path: Path, why: str) -> DataError:
    return DataError(
        f"{path} is damaged: {why}",
        fix="see what else is wrong with: taver dataset verify; build it again: "
        "taver build-dataset --again",
    )
