"""One chunk taken apart: is it whole, and which frame is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.recording import message, wire
from taver.core.recording.checksum import crc32

if TYPE_CHECKING:
    from taver.core.frames import Stamp
    from taver.core.recording.message import Stored


def problem(chunk: memoryview) -> str | None:
    """Return what is wrong with a whole chunk record, or None."""
    if len(chunk) < wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD:
        return "it is too short"
    opcode, length = wire.RECORD_HEAD.unpack_from(chunk, 0)
    first_ns, last_ns, unpacked, checksum, compression, packed = wire.CHUNK_HEAD.unpack_from(
        chunk, wire.RECORD_HEAD.size
    )
    if (
        opcode != wire.CHUNK
        or compression
        or length != len(chunk) - wire.RECORD_HEAD.size
        or unpacked != packed
        or packed != len(chunk) - wire.CHUNK_OVERHEAD
    ):
        return "its sizes contradict each other"
    if crc32(chunk[wire.CHUNK_OVERHEAD :]) != checksum:
        return "its checksum differs"
    log_ns = _log_ns(chunk)
    if first_ns != log_ns or last_ns != log_ns:
        return "its time differs from its frame's"
    return None


def stored(chunk: memoryview) -> Stored:
    """Return the frame in a chunk without a problem; raises ValueError if it is no frame."""
    at = wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD
    return message.parse(chunk[at:], _log_ns(chunk))


def stamp(start: memoryview) -> Stamp:
    """Return the stamp of the frame in a chunk by its first bytes; raises ValueError."""
    return message.parse_stamp(start[wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD :])


def _log_ns(chunk: memoryview) -> int:
    at = wire.CHUNK_OVERHEAD + wire.RECORD_HEAD.size
    log_ns: int = wire.MESSAGE_HEAD.unpack_from(chunk, at)[2]
    return log_ns
