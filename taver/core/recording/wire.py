"""MCAP records as bytes, in the one arrangement that taver writes.

    magic header metadata schema channel (chunk message-index)* data-end summary footer magic

A chunk holds one message, uncompressed, with its checksum: whatever is written is whole, and a
file that ends anywhere gives back every frame before that place. The layout follows the MCAP
specification (https://mcap.dev/spec); tests hold every file against the reference library. The
library's own writer copies each frame four times and took about three times as long.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

MAGIC: Final = b"\x89MCAP0\r\n"
PROFILE: Final = "taver"

HEADER: Final = 0x01
FOOTER: Final = 0x02
SCHEMA: Final = 0x03
CHANNEL: Final = 0x04
MESSAGE: Final = 0x05
CHUNK: Final = 0x06
MESSAGE_INDEX: Final = 0x07
CHUNK_INDEX: Final = 0x08
STATISTICS: Final = 0x0B
METADATA: Final = 0x0C
METADATA_INDEX: Final = 0x0D
SUMMARY_OFFSET: Final = 0x0E
DATA_END: Final = 0x0F

# Each file has one schema and one channel.
SCHEMA_ID: Final = 1
CHANNEL_ID: Final = 1

RECORD_HEAD: Final = struct.Struct("<BQ")  # opcode, length of the body
# first and last time, bytes unpacked, checksum, empty compression name, bytes that follow
CHUNK_HEAD: Final = struct.Struct("<QQQIIQ")
MESSAGE_HEAD: Final = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_MESSAGE_INDEX: Final = struct.Struct("<BQHIQQ")
_FOOTER: Final = struct.Struct("<BQQQ")  # the checksum follows

CHUNK_OVERHEAD: Final = RECORD_HEAD.size + CHUNK_HEAD.size
MESSAGE_OVERHEAD: Final = RECORD_HEAD.size + MESSAGE_HEAD.size
MESSAGE_INDEX_SIZE: Final = _MESSAGE_INDEX.size
FOOTER_SIZE: Final = _FOOTER.size + 4
TAIL_SIZE: Final = FOOTER_SIZE + len(MAGIC)
DATA_END_SIZE: Final = RECORD_HEAD.size + 4

# A whole chunk index record; as every chunk holds one message, they are all of one size.
CHUNK_INDEX_RECORD: Final = np.dtype(
    [
        ("opcode", "u1"),
        ("length", "<u8"),
        ("first_ns", "<u8"),
        ("last_ns", "<u8"),
        ("chunk_at", "<u8"),
        ("chunk_size", "<u8"),
        ("map_size", "<u4"),
        ("channel", "<u2"),
        ("index_at", "<u8"),
        ("index_size", "<u8"),
        ("compression_size", "<u4"),
        ("packed_size", "<u8"),
        ("unpacked_size", "<u8"),
    ]
)


def record(opcode: int, *parts: bytes) -> bytes:
    """Return a whole record with `parts` as its body."""
    body = b"".join(parts)
    return RECORD_HEAD.pack(opcode, len(body)) + body


def text(value: str) -> bytes:
    """Return a string as MCAP writes it: its length, then UTF-8."""
    data = value.encode()
    return struct.pack("<I", len(data)) + data


def text_map(values: dict[str, str]) -> bytes:
    """Return a map of strings as MCAP writes it."""
    body = b"".join(text(k) + text(v) for k, v in values.items())
    return struct.pack("<I", len(body)) + body


def read_text(data: bytes, at: int) -> tuple[str, int]:
    """Return the string at `at` and the place behind it; raises ValueError where there is none."""
    start = at + 4
    if start > len(data):
        raise ValueError("a string begins beyond the end")
    (size,) = struct.unpack_from("<I", data, at)
    if start + size > len(data):
        raise ValueError("a string runs beyond the end")
    return data[start : start + size].decode(), start + size


def read_text_map(data: bytes, at: int) -> dict[str, str]:
    """Return the map of strings at `at`; raises ValueError where there is none."""
    (size,) = struct.unpack_from("<I", data, at)
    at, end = at + 4, at + 4 + size
    values = {}
    while at < end:
        key, at = read_text(data, at)
        values[key], at = read_text(data, at)
    return values


def schema(name: str, descriptor: bytes) -> bytes:
    """Return the schema record of protobuf messages called `name`."""
    return record(
        SCHEMA,
        struct.pack("<H", SCHEMA_ID),
        text(name),
        text("protobuf"),
        struct.pack("<I", len(descriptor)),
        descriptor,
    )


def channel(topic: str) -> bytes:
    """Return the channel record under `topic`."""
    return record(
        CHANNEL,
        struct.pack("<HH", CHANNEL_ID, SCHEMA_ID),
        text(topic),
        text("protobuf"),
        text_map({}),
    )


def message_index(log_ns: int) -> bytes:
    """Return the index record of a chunk with one message."""
    return _MESSAGE_INDEX.pack(MESSAGE_INDEX, 22, CHANNEL_ID, 16, log_ns, 0)


def data_end(checksum: int) -> bytes:
    """Return the record that ends the data; `checksum` covers all before it."""
    return record(DATA_END, struct.pack("<I", checksum))


def footer_without_checksum(summary_at: int, offsets_at: int) -> bytes:
    """Return the footer up to its checksum, which covers it too."""
    return _FOOTER.pack(FOOTER, 20, summary_at, offsets_at)


def statistics(count: int, first_ns: int, last_ns: int) -> bytes:
    """Return the record that counts what a file of `count` messages holds."""
    return record(
        STATISTICS,
        struct.pack("<QHIIIIQQ", count, 1, 1, 0, 1, count, first_ns, last_ns),
        struct.pack("<IHQ", 10, CHANNEL_ID, count),
    )


def metadata_index(at: int, size: int, name: str) -> bytes:
    """Return the record that says where the metadata record is."""
    return record(METADATA_INDEX, struct.pack("<QQ", at, size), text(name))


def summary_offset(opcode: int, at: int, size: int) -> bytes:
    """Return the record that says where a group of the summary is."""
    return record(SUMMARY_OFFSET, struct.pack("<BQQ", opcode, at, size))
