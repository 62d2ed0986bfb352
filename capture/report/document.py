"""report.json: the figures of one recording."""

from __future__ import annotations

from typing import ClassVar

from taver.core.clock import Ns
from taver.core.document import Document, Part
from taver.core.frames import Modality
from taver.core.session.manifest import Marker, Phase, SelfReport


class Histogram(Part, frozen=True, kw_only=True):
    """How often each length of an interval came: bins of one width from 0 on, and the rest."""

    width_ms: float
    counts: tuple[int, ...]
    longer: int


class Intervals(Part, frozen=True, kw_only=True):
    """How far apart in time a stream's stored frames are."""

    p50_ms: float
    p99_ms: float
    longest_ms: float
    histogram: Histogram


class StreamReport(Part, frozen=True, kw_only=True):
    """One stream."""

    frames: int
    dropped: dict[str, int]  # by reason; frames + dropped is what the device gave
    pieces: int
    size_bytes: int
    device: str  # its driver and serial number
    device_hz: float  # what it said it delivers
    intervals: Intervals | None  # None: fewer than two frames
    incomplete: int  # stored with packets missing
    frozen: int  # taken while the shutter was closed


class GridReport(Part, frozen=True, kw_only=True):
    """How the pictures' frames fall on the shared grid."""

    rate_hz: int
    slots: int  # that at least one stream has a frame for
    filled: dict[Modality, int]  # slots that have a frame of that stream
    complete: int  # slots that have one of each
    skew_p50_ms: float | None  # between the first and the last frame of a complete slot
    skew_p99_ms: float | None
    residual_p99_ms: dict[Modality, float]  # between a slot and its frame


class ClockReport(Part, frozen=True, kw_only=True):
    """One machine's clock against the leading machine's."""

    offset_ms: float  # when it joined, against what its own date would have said
    drift_ppm: float
    uncertainty_us: float
    residual_p50_us: float
    residual_p99_us: float
    exchanges: int


class SessionReport(Document, frozen=True, kw_only=True):
    """All that is told of one recording."""

    FORMAT: ClassVar[str] = "taver-capture-report"
    VERSION: ClassVar[int] = 1

    session: str
    participant: str | None
    simulated: bool
    state: str
    began_unix_ns: Ns
    length_s: float
    streams: dict[Modality, StreamReport]
    grid: GridReport | None  # None: no two streams have time in common
    clocks: dict[str, ClockReport]
    phases: tuple[Phase, ...]
    markers: tuple[Marker, ...]
    reports: tuple[SelfReport, ...]
    warnings: tuple[str, ...]
    software: dict[str, str]
