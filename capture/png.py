"""Words inside a PNG file, where any picture viewer can show them."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE_AND_IHDR_SIZE = 8 + 25


def with_text(png: bytes, words: dict[str, str]) -> bytes:
    """Return the picture with each of `words` as a text chunk behind its header."""
    chunks = b"".join(
        _chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text.encode())
        for key, text in words.items()
    )
    return png[:_SIGNATURE_AND_IHDR_SIZE] + chunks + png[_SIGNATURE_AND_IHDR_SIZE:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
