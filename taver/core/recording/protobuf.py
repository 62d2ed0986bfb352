"""The little of protobuf's wire format that our messages need; tests ask Google's library."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field; raises ValueError where the bytes are none."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        value: int | memoryview
        if kind == VARINT:
            value, at = _read_varint(message, at)
        elif kind == FIXED64:
            (value,), at = struct.unpack_from("<q", message, at), at + 8
        elif kind == FIXED32:
            (value,), at = struct.unpack_from("<I", message, at), at + 4
        elif kind == BYTES:
            size, at = _read_varint(message, at)
            if at + size > len(message):
                raise ValueError("a field runs beyond the message")
            value, at = message[at : at + size], at + size
        else:
            raise ValueError(f"a field of kind {kind}")
        yield tag >> 3, value


def varint(value: int) -> bytes:
    """Return a number that is not negative, seven bits a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number without an end")


def field(number: int, kind: int) -> bytes:
    """Return what stands before a field's value."""
    return varint(number << 3 | kind)


def sized(number: int, data: bytes) -> bytes:
    """Return a field that holds bytes, a string or a message."""
    return field(number, BYTES) + varint(len(data)) + data


def fixed64(number: int, value: int) -> bytes:
    """Return a field that holds a signed number of eight bytes."""
    return field(number, FIXED64) + struct.pack("<q", value)
