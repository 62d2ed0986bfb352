"""session.json: who, with which consent, by which devices, and what was recorded."""

from __future__ import annotations

import enum
import platform
from typing import Annotated, Any, ClassVar

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


class Piece(Part, frozen=True, kw_only=True):
    """One file of a stream, written without a break by one machine."""

    file: str
    driver: str
    serial: str
    epoch: Epoch  # of the clock that stamped it
    clock: str = ""  # its entry in clock.json; empty: the clock of the machine that led
    frames: Count = 0
    dropped: dict[str, Count] = msgspec.field(
        default_factory=dict
    )  # by reason; frames + dropped = what the device gave
    first_unix_ns: Ns | None = None
    last_unix_ns: Ns | None = None
    size_bytes: Count = 0
    fingerprint: str | None = None


class StreamRecord(Part, frozen=True, kw_only=True):
    """What was recorded of one modality: one piece, and one more after each break."""

    pieces: tuple[Piece, ...]

    @property
    def frames(self) -> int:
        """How many frames all pieces hold."""
        return sum(piece.frames for piece in self.pieces)

    @property
    def dropped(self) -> dict[str, int]:
        """How many frames are in no piece, by reason."""
        total: dict[str, int] = {}
        for piece in self.pieces:
            for reason, count in piece.dropped.items():
                total[reason] = total.get(reason, 0) + count
        return total

    @property
    def first_unix_ns(self) -> int | None:
        """When the first frame was taken, or None without frames."""
        times = [p.first_unix_ns for p in self.pieces if p.first_unix_ns is not None]
        return min(times, default=None)

    @property
    def last_unix_ns(self) -> int | None:
        """When the last frame was taken, or None without frames."""
        times = [p.last_unix_ns for p in self.pieces if p.last_unix_ns is not None]
        return max(times, default=None)

    @property
    def size_bytes(self) -> int:
        """How much all pieces take on the disk."""
        return sum(piece.size_bytes for piece in self.pieces)

    @property
    def fingerprint(self) -> str | None:
        """The fingerprints of all pieces, or None while one is not finished."""
        marks = [p.fingerprint for p in self.pieces if p.fingerprint is not None]
        return "+".join(marks) if len(marks) == len(self.pieces) else None

    def with_piece(self, number: int, piece: Piece) -> StreamRecord:
        """Return it with the piece of that number, from 0, replaced."""
        pieces = (*self.pieces[:number], piece, *self.pieces[number + 1 :])
        return msgspec.structs.replace(self, pieces=pieces)


def piece_file(modality: Modality, number: int) -> str:
    """Return what the file of a stream's piece is called; pieces are numbered from 1."""
    return f"{modality}.mcap" if number == 1 else f"{modality}.{number}.mcap"


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
    until_unix_ns: Ns | None = None  # of what lasts, such as a gap
    source: str = ""  # operator, protocol, device, shutter or machine


class SelfReport(Part, frozen=True, kw_only=True):
    """What the person said of themselves, on nine manikins each from low to high."""

    phase: str
    unix_ns: Ns
    valence: Annotated[int, msgspec.Meta(ge=1, le=9)]
    arousal: Annotated[int, msgspec.Meta(ge=1, le=9)]
    dominance: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None


class GridPlan(Part, frozen=True, kw_only=True):
    """The slots that frames were chosen for; every part of a session keeps to them."""

    rate_hz: Annotated[int, msgspec.Meta(ge=1)]
    start_unix_ns: Ns


class Manifest(Document, frozen=True, kw_only=True):
    """The document at the heart of a session's folder."""

    FORMAT: ClassVar[str] = "taver-session"
    VERSION: ClassVar[int] = 2

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
    reports: tuple[SelfReport, ...] = ()
    grid: GridPlan | None = None  # None: every frame was kept
    software: dict[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def upgraded(cls, body: dict[str, Any], version: object) -> dict[str, Any]:
        """Bring a document of version 1 up to date: a stream was one piece then."""
        if version != 1:
            return super().upgraded(body, version)
        streams = {
            name: {"pieces": [{**stream, "epoch": body["epoch"]}]}
            for name, stream in body["streams"].items()
        }
        return {**body, "streams": streams}

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
