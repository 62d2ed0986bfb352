"""session.json: who, with which consent, by which devices, and what was recorded."""

from __future__ import annotations

import enum
import platform
from typing import Annotated, ClassVar

import msgspec

from taver import __version__
from taver.core.clock import NS_PER_S, Epoch, Ns
from taver.core.consent import Consent
from taver.core.document import Document, Part
from taver.core.frames import DeviceInfo, Modality

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class State(enum.StrEnum):
    """How far the recording of a session has come."""

    RECORDING = "recording"  # or its program died: then nobody holds the folder
    COMPLETE = "complete"
    RECOVERED = "recovered"


class StreamRecord(Part, frozen=True, kw_only=True):
    """What was recorded of one modality."""

    file: str
    driver: str
    serial: str
    frames: Count = 0
    dropped: dict[str, Count] = msgspec.field(
        default_factory=dict
    )  # by reason; frames + dropped = what the device gave
    first_unix_ns: Ns | None = None
    last_unix_ns: Ns | None = None
    size_bytes: Count = 0
    fingerprint: str | None = None


class Phase(Part, frozen=True, kw_only=True):
    """A part of the protocol, such as relaxing or the interview."""

    name: str
    start_unix_ns: Ns
    end_unix_ns: Ns | None = None


class Marker(Part, frozen=True, kw_only=True):
    """A moment somebody noted."""

    name: str
    unix_ns: Ns
    note: str = ""


class Manifest(Document, frozen=True, kw_only=True):
    """The document at the heart of a session's folder."""

    FORMAT: ClassVar[str] = "taver-session"
    VERSION: ClassVar[int] = 1

    name: str
    participant: str | None  # None where a board is recorded, or nobody
    consent: Consent | None  # as it was when the recording began
    simulated: bool
    state: State
    epoch: Epoch
    devices: tuple[DeviceInfo, ...]
    streams: dict[Modality, StreamRecord]
    phases: tuple[Phase, ...] = ()
    markers: tuple[Marker, ...] = ()
    software: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def length_s(self) -> float:
        """From the first frame of any stream to the last."""
        firsts = [s.first_unix_ns for s in self.streams.values() if s.first_unix_ns is not None]
        lasts = [s.last_unix_ns for s in self.streams.values() if s.last_unix_ns is not None]
        return (max(lasts) - min(firsts)) / NS_PER_S if firsts and lasts else 0.0

    def with_stream(self, modality: Modality, record: StreamRecord) -> Manifest:
        """Return it with one stream's record replaced."""
        return msgspec.structs.replace(self, streams={**self.streams, modality: record})


def software() -> dict[str, str]:
    """Return what this program runs on, for the record."""
    return {
        "taver": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
