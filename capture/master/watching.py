"""What all machines tell, as one recording's status."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Final

from capture.plan import GRID_HZ
from capture.status import SessionStatus
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import PICTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.master.member import Member
    from capture.master.recording import Recording
    from capture.plan import Plan
    from capture.status import MachineStatus, StreamStatus
    from taver.core.frames import Modality

_OVER_NS: Final = 10 * NS_PER_S  # how long a rate is taken over
_AT_LEAST_NS: Final = NS_PER_S


class Rates:
    """How fast each machine writes, over the last seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, collections.deque[tuple[int, int]]] = {}

    def look(self, now_ns: int, machines: Sequence[MachineStatus]) -> None:
        """Note how much there is now."""
        for machine in machines:
            total = sum(s.size_bytes for d in machine.devices for s in d.streams)
            seen = self._seen.setdefault(machine.name, collections.deque())
            if seen and (total < seen[-1][1]):
                seen.clear()  # a new file was begun
            seen.append((now_ns, total))
            while len(seen) > 2 and now_ns - seen[0][0] > _OVER_NS:
                seen.popleft()

    def bytes_per_s(self, machine: str) -> float:
        """Return how fast it writes."""
        seen = self._seen.get(machine)
        if not seen or seen[-1][0] - seen[0][0] < _AT_LEAST_NS:
            return 0.0
        return (seen[-1][1] - seen[0][1]) * NS_PER_S / (seen[-1][0] - seen[0][0])


def overall(
    recording: Recording, rates: Rates, *, elapsed_s: float, phase: str, markers: int
) -> SessionStatus:
    """Put together how it goes."""
    plan, members = recording.plan, recording.members
    machines = tuple(member.status() for member in members)
    each = {machine.name: rates.bytes_per_s(machine.name) for machine in machines}
    # Local agents share one disk, as far as anybody knows.
    local = {member.name for member in members if member.is_local}
    shared = sum(each[name] for name in local)
    minutes = [
        machine.free_bytes / rate / 60
        for machine in machines
        if (rate := shared if machine.name in local else each[machine.name]) > 0
        and machine.free_bytes
    ]
    return SessionStatus(
        session=plan.session,
        elapsed_s=elapsed_s,
        planned_s=plan.seconds,
        phase=phase,
        machines=machines,
        skew_ms=_skew_ms(recording),
        bytes_per_s=sum(each.values()),
        minutes_left_on_disk=min(minutes, default=None),
        markers=markers,
    )


def _skew_ms(recording: Recording) -> float | None:
    """Return how far the streams' frames of one slot lie apart.

    Their newest frames are of different slots, since machines tell of them at different moments; so
    each is held against the slot next to it. Of a faster camera the frame nearest to a slot counts,
    and so its time is taken within a period of its own.
    """
    if not recording.start_unix_ns:
        return None
    first_ns = recording.grid_start_unix_ns or recording.start_unix_ns
    offsets = []
    for member in recording.members:
        if member.lost:
            continue
        for status in (s for d in member.status().devices if d.connected for s in d.streams):
            if status.modality not in PICTURES or status.last_unix_ns is None:
                continue
            period_ns = NS_PER_S / _rate_hz(recording.plan, member, status)
            since = (status.last_unix_ns - first_ns) % period_ns
            offsets.append(since if since <= period_ns / 2 else since - period_ns)
    return (max(offsets) - min(offsets)) / NS_PER_MS if len(offsets) > 1 else None


def _rate_hz(plan: Plan, member: Member, status: StreamStatus) -> float:
    grid_hz = plan.grid_hz or GRID_HZ
    return max(float(grid_hz), _native_hz(member, status.modality) // grid_hz * grid_hz)


def _native_hz(member: Member, modality: Modality) -> float:
    rates = [s.rate_hz for d in member.devices for s in d.streams if s.modality is modality]
    return max(rates, default=0.0)
