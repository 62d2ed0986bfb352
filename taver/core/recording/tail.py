"""The end of a finished file: footer, summary, and from it the index of the frames."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from taver.core.recording import wire
from taver.core.recording.checksum import crc32
from taver.core.recording.finish import Entry

if TYPE_CHECKING:
    from taver.core.recording.source import Source


class NotFinishedError(ValueError):
    """The file ends without a footer: it was never finished, or its end is gone."""


def read_summary(source: Source) -> tuple[int, bytes]:
    """Return where the summary begins, and its bytes; raises ValueError if it is damaged."""
    tail = source.read(max(0, source.size - wire.TAIL_SIZE), wire.TAIL_SIZE)
    if len(tail) < wire.TAIL_SIZE or not tail.endswith(wire.MAGIC):
        raise NotFinishedError("it has no end")
    footer = tail[: wire.FOOTER_SIZE]
    opcode, length, summary_at, _, checksum = struct.unpack("<BQQQI", footer)
    if opcode != wire.FOOTER or length != wire.FOOTER_SIZE - wire.RECORD_HEAD.size:
        raise ValueError("its footer is damaged")
    size = source.size - wire.TAIL_SIZE - summary_at
    if not 0 < size < source.size:
        raise ValueError("its footer points outside the file")
    summary = source.read(summary_at, size)
    if crc32(footer[:-4], crc32(summary)) != checksum:
        raise ValueError("its index is damaged (the checksum differs)")
    return summary_at, summary


def entries(summary: bytes) -> list[Entry]:
    """Return where each frame lies, by an undamaged summary; raises ValueError if it is foreign."""
    record = wire.CHUNK_INDEX_RECORD
    at = 0
    while at + wire.RECORD_HEAD.size <= len(summary):
        opcode, length = wire.RECORD_HEAD.unpack_from(summary, at)
        if opcode == wire.CHUNK_INDEX:
            break
        at += wire.RECORD_HEAD.size + length
    count = 0
    while summary[at + count * record.itemsize : at + count * record.itemsize + 1] == bytes(
        [wire.CHUNK_INDEX]
    ):
        count += 1
    if at + count * record.itemsize > len(summary):
        raise ValueError("its index has another arrangement")
    table = np.frombuffer(summary, record, count, at) if count else np.empty(0, record)
    if (table["length"] != record.itemsize - wire.RECORD_HEAD.size).any():
        raise ValueError("its index has another arrangement")
    return [
        Entry(*row)
        for row in zip(
            table["first_ns"].tolist(),
            table["chunk_at"].tolist(),
            table["chunk_size"].tolist(),
            strict=True,
        )
    ]


def fingerprint(source: Source) -> str:
    """Return what tells this finished file from every other: its size and its two checksums."""
    summary_at, _ = read_summary(source)
    data = source.read(summary_at - 4, 4)
    summary = source.read(source.size - len(wire.MAGIC) - 4, 4)
    return f"{source.size}-{data[::-1].hex()}-{summary[::-1].hex()}"
