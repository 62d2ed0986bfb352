"""How a recording goes, as told while it goes: by each machine to the master, and by it to people.

Everything counted is counted since the start; `taken = stored + dropped + queued` at every moment.
"""

from __future__ import annotations

import enum

import msgspec

from taver.core.frames import Modality


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of one device."""

    modality: Modality
    taken: int = 0  # frames the device gave, and those that its counter says it lost
    stored: int = 0
    dropped: dict[str, int] = {}  # by reason
    queued: int = 0
    queue_size: int = 0
    rate_hz: float = 0.0  # as frames come from the device, over the last seconds
    last_host_ns: int | None = None
    last_unix_ns: int | None = None  # the same moment in master time
    recent_unix_ns: tuple[int, ...] = ()  # when the frames stored last were taken, oldest first
    size_bytes: int = 0
    write_p99_ms: float = 0.0  # frame taken to bytes written, over the last seconds
    frozen: int = 0  # frames taken while the thermal shutter was closed
    incomplete: int = 0  # stored, with packets missing


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One device."""

    driver: str
    serial: str
    streams: tuple[StreamStatus, ...]
    connected: bool = True
    problem: str = ""  # why it is not, and what to do
    readings: dict[str, float] = {}  # such as housing_celsius


class MachineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One machine that records, by its agent's name."""

    name: str
    devices: tuple[DeviceStatus, ...]
    free_bytes: int = 0  # on the disk it writes to
    reachable: bool = True
    clock_error_us: float = 0.0  # how uncertain its clock is against the master's


class HappeningKind(enum.StrEnum):
    """What can happen in a recording that somebody should hear of."""

    LOST = "lost"  # a device or a machine is gone
    BACK = "back"
    SHUTTER = "shutter"
    DROPPED = "dropped"
    DISK = "disk"
    CLOCK = "clock"
    PHASE = "phase"
    MARKER = "marker"
    WARNING = "warning"


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, in words, with what to do about it if anything can be done."""

    kind: HappeningKind
    unix_ns: int
    text: str
    fix: str = ""
    modality: Modality | None = None
    until_unix_ns: int | None = None


class SessionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole recording, as the master sees it."""

    session: str
    elapsed_s: float
    planned_s: float
    phase: str
    machines: tuple[MachineStatus, ...]
    skew_ms: float | None = None  # between the streams' newest frames of one slot, the widest
    bytes_per_s: float = 0.0
    minutes_left_on_disk: float | None = None  # the machine that is full first
    markers: int = 0
