"""The end of a stream's file: the index by which any frame is found at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taver.core.recording import wire
from taver.core.recording.checksum import crc32
from taver.core.recording.header import METADATA_NAME


class Entry(NamedTuple):
    """Where one frame lies: its time, and the place and size of its chunk."""

    log_ns: int
    at: int
    size: int


class Preamble(NamedTuple):
    """The records before the first frame, and where among them the metadata is."""

    data: bytes
    metadata_at: int
    metadata_size: int
    schema: bytes
    channel: bytes


def preamble(metadata: bytes, schema: bytes, channel: bytes, library: str) -> Preamble:
    """Return how a file begins."""
    head = wire.MAGIC + wire.record(wire.HEADER, wire.text(wire.PROFILE), wire.text(library))
    return Preamble(
        data=head + metadata + schema + channel,
        metadata_at=len(head),
        metadata_size=len(metadata),
        schema=schema,
        channel=channel,
    )


def ending(start: Preamble, entries: list[Entry], data_size: int, checksum: int) -> bytes:
    """Return all that follows the last chunk.

    `data_size` and `checksum` are those of everything before the data's end.
    """
    groups = [(wire.SCHEMA, start.schema), (wire.CHANNEL, start.channel)]
    times = [entry.log_ns for entry in entries]
    first_ns, last_ns = (min(times), max(times)) if times else (0, 0)
    groups.append((wire.STATISTICS, wire.statistics(len(entries), first_ns, last_ns)))
    groups.append((wire.CHUNK_INDEX, _chunk_indexes(entries)))
    groups.append(
        (
            wire.METADATA_INDEX,
            wire.metadata_index(start.metadata_at, start.metadata_size, METADATA_NAME),
        )
    )
    summary_at = data_size + wire.DATA_END_SIZE
    at = summary_at
    offsets = []
    for opcode, group in groups:
        if group:
            offsets.append(wire.summary_offset(opcode, at, len(group)))
        at += len(group)
    summary = b"".join([*(group for _, group in groups), *offsets])
    footer = wire.footer_without_checksum(summary_at, at)
    summary_checksum = crc32(footer, crc32(summary))
    return b"".join(
        (
            wire.data_end(checksum),
            summary,
            footer,
            summary_checksum.to_bytes(4, "little"),
            wire.MAGIC,
        )
    )


def _chunk_indexes(entries: list[Entry]) -> bytes:
    table = np.zeros(len(entries), wire.CHUNK_INDEX_RECORD)
    if entries:
        log_ns, at, size = (np.array(column, np.uint64) for column in zip(*entries, strict=True))
        table["opcode"] = wire.CHUNK_INDEX
        table["length"] = wire.CHUNK_INDEX_RECORD.itemsize - wire.RECORD_HEAD.size
        table["first_ns"] = table["last_ns"] = log_ns
        table["chunk_at"] = at
        table["chunk_size"] = size
        table["map_size"] = 10
        table["channel"] = wire.CHANNEL_ID
        table["index_at"] = at + size
        table["index_size"] = wire.MESSAGE_INDEX_SIZE
        table["packed_size"] = table["unpacked_size"] = size - np.uint64(wire.CHUNK_OVERHEAD)
    return table.tobytes()
