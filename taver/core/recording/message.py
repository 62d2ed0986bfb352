"""One frame as a protobuf message that viewers open, with our stamps beside their fields.

Colour frames are `foxglove.CompressedImage`, so that Foxglove and Rerun show them; 16-bit frames
and blocks of sound have the same fields under names of their own. All carry a `taver.Stamp` in a
field that other programs skip. `data` comes last, so that a frame's bytes are never copied.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from taver.core.clock import NS_PER_S
from taver.core.frames import FrameStatus, Modality, Stamp
from taver.core.recording.protobuf import (
    BYTES,
    FIXED32,
    VARINT,
    field,
    fields,
    fixed64,
    sized,
    varint,
)

# Fields of the image message; 1 to 4 are Foxglove's.
TIMESTAMP, DATA, FORMAT, FRAME_ID, STAMP = 1, 2, 3, 4, 100
# Fields of taver.Stamp.
HOST_NS, DEVICE_NS, NUMBER, STATUS = 1, 2, 3, 4

COLOR_SCHEMA: Final = "foxglove.CompressedImage"
RASTER_SCHEMA: Final = "taver.CompressedRaster"
SOUND_SCHEMA: Final = "taver.CompressedSound"
_SCHEMA_OF: Final = {Modality.COLOR: COLOR_SCHEMA, Modality.SOUND: SOUND_SCHEMA}


class Stored(NamedTuple):
    """A frame as it lies in a file: when it was taken, and its encoded pixels."""

    unix_ns: int
    stamp: Stamp
    data: memoryview


def schema_name(modality: Modality) -> str:
    """Return the name of the message that carries frames of `modality`."""
    return _SCHEMA_OF.get(modality, RASTER_SCHEMA)


def head(unix_ns: int, stamp: Stamp, codec: str, frame_id: str, data_size: int) -> bytes:
    """Return the message up to where its `data_size` bytes of data begin."""
    seconds, nanos = divmod(unix_ns, NS_PER_S)
    time = field(1, VARINT) + varint(seconds) + field(2, VARINT) + varint(nanos)
    inner = fixed64(HOST_NS, stamp.host_ns)
    if stamp.device_ns is not None:
        inner += fixed64(DEVICE_NS, stamp.device_ns)
    inner += fixed64(NUMBER, stamp.number)
    if stamp.status:
        inner += field(STATUS, FIXED32) + struct.pack("<I", stamp.status)
    return b"".join(
        (
            sized(TIMESTAMP, time),
            sized(FORMAT, codec.encode()),
            sized(FRAME_ID, frame_id.encode()),
            sized(STAMP, inner),
            field(DATA, BYTES) + varint(data_size),
        )
    )


def parse(message: memoryview, log_ns: int) -> Stored:
    """Return the frame in `message`; raises ValueError if it is not one of taver's."""
    data: memoryview | None = None
    stamp: Stamp | None = None
    for number, value in fields(message):
        if number == DATA and isinstance(value, memoryview):
            data = value
        elif number == STAMP and isinstance(value, memoryview):
            stamp = _stamp(value)
    if data is None or stamp is None:
        raise ValueError("a message without data or stamp")
    return Stored(log_ns, stamp, data)


def parse_stamp(start: memoryview) -> Stamp:
    """Return the stamp in the first bytes of a message; raises ValueError if it is not there."""
    for number, value in fields(start):
        if number == STAMP and isinstance(value, memoryview):
            return _stamp(value)  # it stands before the data, which may be cut off here
    raise ValueError("a message without a stamp")


def _stamp(message: memoryview) -> Stamp:
    values = {number: value for number, value in fields(message) if isinstance(value, int)}
    if HOST_NS not in values or NUMBER not in values:
        raise ValueError("a stamp without its time or number")
    return Stamp(
        host_ns=values[HOST_NS],
        device_ns=values.get(DEVICE_NS),
        number=values[NUMBER],
        status=FrameStatus(values.get(STATUS, 0)),
    )
