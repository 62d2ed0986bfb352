"""The schema that stands in each file, so that any program can decode its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taver.core.recording import message
from taver.core.recording.protobuf import VARINT, field, sized, varint

if TYPE_CHECKING:
    from taver.core.frames import Modality

# Types of google.protobuf.FieldDescriptorProto.
_INT64, _INT32, _FIXED32_TYPE, _STRING, _MESSAGE_TYPE, _BYTES_TYPE, _SFIXED64 = (
    3,
    5,
    7,
    9,
    11,
    12,
    16,
)
_OPTIONAL: Final = 1


def descriptor(modality: Modality) -> bytes:
    """Return the protobuf FileDescriptorSet that explains messages of `modality`."""
    name = message.schema_name(modality)
    package, _, short = name.partition(".")
    timestamp = _file(
        "google/protobuf/timestamp.proto",
        "google.protobuf",
        _message("Timestamp", _plain("seconds", 1, _INT64), _plain("nanos", 2, _INT32)),
    )
    stamp = _file(
        "taver/Stamp.proto",
        "taver",
        _message(
            "Stamp",
            _plain("host_ns", message.HOST_NS, _SFIXED64),
            _plain("device_ns", message.DEVICE_NS, _SFIXED64),
            _plain("number", message.NUMBER, _SFIXED64),
            _plain("status", message.STATUS, _FIXED32_TYPE),
        ),
    )
    image = _file(
        f"{package}/{short}.proto",
        package,
        _message(
            short,
            _nested("timestamp", message.TIMESTAMP, ".google.protobuf.Timestamp"),
            _nested("stamp", message.STAMP, ".taver.Stamp"),
            _plain("data", message.DATA, _BYTES_TYPE),
            _plain("format", message.FORMAT, _STRING),
            _plain("frame_id", message.FRAME_ID, _STRING),
        ),
        "google/protobuf/timestamp.proto",
        "taver/Stamp.proto",
    )
    return b"".join(sized(1, file) for file in (timestamp, stamp, image))


def _file(path: str, package: str, body: bytes, *imports: str) -> bytes:
    return b"".join(
        (
            sized(1, path.encode()),
            sized(2, package.encode()),
            *(sized(3, needed.encode()) for needed in imports),
            sized(4, body),
            sized(12, b"proto3"),
        )
    )


def _message(name: str, *inner: bytes) -> bytes:
    return sized(1, name.encode()) + b"".join(sized(2, one) for one in inner)


def _plain(name: str, number: int, kind: int) -> bytes:
    return b"".join(
        (
            sized(1, name.encode()),
            field(3, VARINT) + varint(number),
            field(4, VARINT) + varint(_OPTIONAL),
            field(5, VARINT) + varint(kind),
        )
    )


def _nested(name: str, number: int, kind: str) -> bytes:
    return _plain(name, number, _MESSAGE_TYPE) + sized(6, kind.encode())
