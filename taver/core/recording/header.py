"""What a stream's file says of itself, so that it can be understood without its session."""

from __future__ import annotations

import msgspec

from taver.core.frames import Modality
from taver.core.recording import wire

METADATA_NAME = "taver.stream"
FORMAT_VERSION = 1


class StreamHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The metadata record at the head of each stream's file."""

    session: str
    participant: str | None
    simulated: bool
    modality: Modality
    width_px: int
    height_px: int
    rate_hz: float
    unit: str
    codec: str
    driver: str
    model: str
    serial: str
    epoch_host_ns: int
    epoch_unix_ns: int
    software: str
    samples_hz: int = 0  # of sound
    channels: int = 0
    format_version: int = FORMAT_VERSION

    def to_text(self) -> dict[str, str]:
        """Return it as the map of strings that MCAP keeps."""
        tree: dict[str, str] = msgspec.to_builtins(self, str_keys=True)
        return {k: msgspec.json.encode(v).decode() for k, v in tree.items()}

    @classmethod
    def from_text(cls, values: dict[str, str]) -> StreamHeader:
        """Return the header that was written as `values`; raises ValueError if it is none."""
        tree = {k: msgspec.json.decode(v) for k, v in values.items()}
        return msgspec.convert(tree, cls)

    def to_metadata(self) -> bytes:
        """Return the whole metadata record."""
        return wire.record(wire.METADATA, wire.text(METADATA_NAME), wire.text_map(self.to_text()))
