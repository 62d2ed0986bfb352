"""CRC-32, by the fastest way that is installed."""

from __future__ import annotations

from typing import Any

_crc32: Any  # its types name fewer kinds of bytes than it takes
try:  # libdeflate's needs a twelfth of zlib's time; the `capture` extra brings it
    from imagecodecs import deflate_crc32 as _crc32
except ImportError:
    from zlib import crc32 as _crc32


def crc32(data: bytes | memoryview, seed: int = 0) -> int:
    """Return the CRC-32 of what `seed` stands for followed by `data`."""
    return int(_crc32(data, seed))
