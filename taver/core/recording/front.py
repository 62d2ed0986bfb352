"""The beginning of a file: is it an MCAP, is it taver's, and what does it say of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from taver.core.errors import DataError
from taver.core.recording import wire
from taver.core.recording.finish import Preamble
from taver.core.recording.header import FORMAT_VERSION, METADATA_NAME, StreamHeader

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.recording.source import Source

# The records before the first frame take about 1.5 kB.
_LARGEST_BYTES = 65_536


class Front(NamedTuple):
    """What stands before the first frame."""

    header: StreamHeader
    preamble: Preamble


class DamagedFrontError(ValueError):
    """It is one of taver's, but what stands before the first frame cannot be read."""


def read_front(source: Source) -> Front:
    """Return the beginning; raises DataError for what is not taver's at all."""
    data = source.read(0, _LARGEST_BYTES)
    if not data.startswith(wire.MAGIC):
        raise DataError(
            f"{source.path} is not an MCAP file",
            fix="check the path; taver's recordings are the .mcap files in a session's folder",
        )
    try:
        records, end = _records(data)
        profile, _ = wire.read_text(records[wire.HEADER][1], 0)
    except (ValueError, KeyError) as error:
        raise DamagedFrontError(f"its first bytes are damaged: {error}") from None
    if profile != wire.PROFILE:
        raise DataError(
            f"{source.path} is an MCAP file, but another program's (profile {profile!r})",
            fix="open it with the program that wrote it; taver reads its own recordings only",
        )
    try:
        header = _header(records[wire.METADATA][1], source.path)
        metadata_at, metadata = records[wire.METADATA]
        schema, channel = records[wire.SCHEMA][1], records[wire.CHANNEL][1]
    except DataError:
        raise
    except (ValueError, KeyError) as error:
        raise DamagedFrontError(f"its first bytes are damaged: {error}") from None
    return Front(
        header,
        Preamble(
            data=data[:end],
            metadata_at=metadata_at,
            metadata_size=wire.RECORD_HEAD.size + len(metadata),
            schema=wire.record(wire.SCHEMA, schema),
            channel=wire.record(wire.CHANNEL, channel),
        ),
    )


def _records(data: bytes) -> tuple[dict[int, tuple[int, bytes]], int]:
    """Return place and body of the four records by opcode, and where they end."""
    found: dict[int, tuple[int, bytes]] = {}
    at = len(wire.MAGIC)
    for expected in (wire.HEADER, wire.METADATA, wire.SCHEMA, wire.CHANNEL):
        if at + wire.RECORD_HEAD.size > len(data):
            raise ValueError("the file ends there")
        opcode, length = wire.RECORD_HEAD.unpack_from(data, at)
        body_at = at + wire.RECORD_HEAD.size
        if expected is wire.HEADER and opcode == wire.HEADER:
            # A foreign file is told apart by its profile, whatever follows.
            found[opcode] = (at, data[body_at : body_at + length])
            if wire.read_text(found[opcode][1], 0)[0] != wire.PROFILE:
                return found, at
        if opcode != expected or body_at + length > len(data):
            raise ValueError(f"no record {expected:#04x} at byte {at}")
        found[opcode] = (at, data[body_at : body_at + length])
        at = body_at + length
    return found, at


def _header(metadata: bytes, path: Path) -> StreamHeader:
    name, at = wire.read_text(metadata, 0)
    if name != METADATA_NAME:
        raise ValueError(f"metadata called {name!r}")
    values = wire.read_text_map(metadata, at)
    version = values.get("format_version")
    if version != str(FORMAT_VERSION):
        raise DataError(
            f"{path} is version {version} of taver's recordings; this taver reads {FORMAT_VERSION}",
            fix="use the taver that wrote it, or a newer one (pip install -U taver)",
        )
    try:
        return StreamHeader.from_text(values)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
