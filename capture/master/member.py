"""One agent as its master sees it: the process or the machine, the way to it, its clock."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from capture.keys import files as keys
from capture.master.crews import LocalDevice, RemoteAgent
from capture.master.local import LocalAgent
from capture.status import MachineStatus
from capture.timesync.asker import Asker
from capture.timesync.estimate import Estimate
from capture.wire.address import Address
from capture.wire.link import BEAT_S, Link
from capture.wire.messages import (
    AgentState,
    Arm,
    Beat,
    Bye,
    Done,
    Finish,
    Finished,
    Prepare,
    Prepared,
    Release,
    Start,
    Started,
)
from taver.core.clock import Epoch
from taver.core.errors import DeviceError, TaverError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from capture.glimpse import Glimpse
    from capture.master.crews import Crew
    from capture.plan import Plan
    from capture.status import Happening
    from capture.wire.messages import Ask, Pulse, Welcome
    from taver.core.clock import Clock
    from taver.core.frames import DeviceInfo, Modality
    from taver.core.session.clocks import Exchange

_FOUND_WITHIN_S: Final = 4.0
_OPENED_WITHIN_S: Final = 40.0
_ARMED_WITHIN_S: Final = 20.0
_STARTED_WITHIN_S: Final = 5.0
_FINISHED_WITHIN_S: Final = 60.0
_CLOCK_WITHIN_S: Final = 4.0
_FIRST_BURSTS: Final = 4
_ENOUGH_BURSTS: Final = 12
_WANTED_FOR_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.1
_WATCHED_BEAT_S: Final = 0.25
_LAST_BEAT_S: Final = 0.1

_Answer = TypeVar("_Answer")


class Ears(Protocol):
    """Whoever a member tells of what it hears; called in other threads, not for long."""

    def happened(self, member: Member, happening: Happening) -> None:
        """Hear of something in a recording."""
        ...

    def jumped(self, member: Member, seconds: float) -> None:
        """Hear that its clock jumped."""
        ...


class Member:
    """Joined, it beats; everything asked of it is refused or answered within a time."""

    def __init__(self, crew: Crew, epoch: Epoch, clock: Clock) -> None:
        self.crew = crew
        self.name = crew.name
        self.is_local = isinstance(crew, LocalDevice)
        self.devices: tuple[DeviceInfo, ...] = ()
        self.run = ""
        self.files: dict[Modality, str] = {}
        self.lost = False  # told so, and not back
        self.silent_now = False
        self._hurries = False
        self.last_frame_unix_ns = 0  # of which we heard
        self.pulse: Pulse | None = None
        self.welcome: Welcome | None = None
        self.estimate = Estimate(epoch)
        self._epoch = epoch
        self._clock = clock
        self.ears: Ears | None = None
        self._agent: LocalAgent | None = None
        self._link: Link | None = None
        self._asker: Asker | None = None
        self._last_news = 0
        self._free_bytes = 0
        self._wanted_s: dict[Modality, float] = {}
        self._glimpses: dict[Modality, Glimpse] = {}
        self._known = threading.Event()  # enough of its clock

    @property
    def link(self) -> Link:
        """The way to it."""
        if self._link is None:
            raise DeviceError(f"{self.name} was not started", fix="prepare the recording first")
        return self._link

    def finish(self) -> Finished:
        """Hear what came of its recording."""
        return self._ask(Finish(), Finished, seconds=_FINISHED_WITHIN_S)

    @property
    def address(self) -> str:
        """Where it listens, as it was told to us."""
        return self.crew.address if isinstance(self.crew, RemoteAgent) else str(self.link.address)

    @property
    def gone(self) -> bool:
        """Whether its process has ended; of an agent elsewhere nobody knows."""
        return self._agent is not None and self._agent.gone

    @property
    def restarted(self) -> bool:
        """Whether another program answers than the one that we began with."""
        pulse, welcome = self.pulse, self.welcome
        return pulse is not None and welcome is not None and pulse.instance != welcome.instance

    @property
    def at_work(self) -> bool:
        """Whether it is at our recording, or was until its end."""
        pulse = self.pulse
        return (
            pulse is not None
            and pulse.run == self.run
            and pulse.state in {AgentState.RECORDING, AgentState.STOPPED}
        )

    @property
    def stopped(self) -> bool:
        """Whether it has finished our recording."""
        return self.at_work and self.pulse is not None and self.pulse.state is AgentState.STOPPED

    def why_gone(self) -> str:
        """Return what is known of its end."""
        return self._agent.why() if self._agent is not None and self._agent.gone else "it is silent"

    def process_id(self) -> int | None:
        """Return the process of a local agent."""
        return None if self._agent is None else self._agent.process_id

    def join(self) -> None:
        """Start it or find it, and know each other; raises what keeps us from that."""
        self.leave(bye=False)
        self.welcome = None
        if isinstance(self.crew, LocalDevice):
            self._agent = LocalAgent(self.crew)
            own, agent_public, address = (
                self._agent.own_pair,
                self._agent.agent_pair.public,
                self._agent.address,
            )
        else:
            address = Address.parse(self.crew.address).resolved()
            own = keys.read_master(self.crew.keys).pair
            agent_public = keys.read_public(self.crew.keys, self.crew.name).public
        self._link = Link(
            self.name, address, agent_public=agent_public, public=own.public, secret=own.secret
        )
        self.greet(address)

    def greet(self, address: Address | None = None) -> None:
        """Hear who is there: after joining, and when another program answers."""
        link = self.link
        self.welcome = welcome = link.greet(_FOUND_WITHIN_S)
        self._last_news = welcome.last
        self.pulse = None
        if not self.is_local:
            if self._asker is not None:
                self._asker.close()
            self.estimate = Estimate(self._epoch)
            self._known.clear()
            where = address or link.address
            self._asker = Asker(
                where.host, where.port, welcome.clock_secret, self._clock, self._burst
            )
        link.watch(self)

    def prepare(self, plan: Plan, folder: Path, *, passing: bool) -> Prepared:
        """Let it open its devices."""
        self.run = secrets.token_hex(8)
        ask = Prepare(
            run=self.run,
            plan=plan,
            folder=str(folder) if self.is_local else "",
            passing=passing,
        )
        prepared = self._ask(ask, Prepared, seconds=_OPENED_WITHIN_S)
        self.devices = prepared.devices
        self._free_bytes = prepared.free_bytes
        return prepared

    def know_clock(self) -> None:
        """Wait until enough is known of its clock; raises if nothing comes."""
        if self.is_local or self._known.wait(_CLOCK_WITHIN_S):
            return
        if self.estimate.line is None:
            raise DeviceError(
                f"The clock of the agent {self.name!r} cannot be read: nothing comes back over UDP",
                fix=f"let UDP through to {self.link.address} as well as TCP (the same port)",
            )

    def epoch_now(self) -> Epoch:
        """Return a moment by both: ours, where it runs on our clock."""
        line = self.estimate.line
        return self._epoch if line is None else Epoch(host_ns=line.host_ns, unix_ns=line.unix_ns)

    def unix_ns(self, host_ns: int) -> int:
        """Tell a moment of its clock by ours, as well as known now."""
        line = self.estimate.line
        return self._epoch.to_unix_ns(host_ns) if line is None else line.at(host_ns)

    def arm(self, files: dict[Modality, str], *, epoch: Epoch, simulated: bool) -> None:
        """Let it make its files."""
        self.files = files
        ask = Arm(files=files, simulated=simulated, epoch=epoch)
        self._ask(ask, Done, seconds=_ARMED_WITHIN_S)

    def start(self, at_unix_ns: int, until_unix_ns: int, grid_start_unix_ns: int) -> Started:
        """Let it start then; returns when it knows."""
        ask = Start(
            at_unix_ns=at_unix_ns,
            until_unix_ns=until_unix_ns,
            grid_start_unix_ns=grid_start_unix_ns,
        )
        return self._ask(ask, Started, seconds=_STARTED_WITHIN_S)

    def hurry(self) -> None:
        """Ask more often: it is about to end."""
        self._hurries = True
        if self._link is not None:
            self._link.beat_every_s = _LAST_BEAT_S

    def release(self) -> None:
        """Let it close its devices; nothing keeps us from going on."""
        with contextlib.suppress(TaverError):
            self._ask(Release(), Done, seconds=_ARMED_WITHIN_S)

    def _ask(self, ask: Ask, kind: type[_Answer], *, seconds: float) -> _Answer:
        """Ask and wait; whose process has ended is not waited for."""
        link, until_s = self.link, time.monotonic() + seconds
        pending = link.begin(ask)
        while not self.gone and (left_s := until_s - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return link.end(pending, kind, seconds=min(left_s, _LOOK_EVERY_S))
        if self.gone:
            raise DeviceError(
                f"The process for {self.name} died: {self.why_gone()}",
                fix="try again; if it happens again, report it with this line",
            )
        raise link.no_answer(ask, seconds)

    def leave(self, *, bye: bool = True) -> None:
        """Part from it; a local agent ends."""
        link, self._link = self._link, None
        agent, self._agent = self._agent, None
        asker, self._asker = self._asker, None
        if asker is not None:
            asker.close()
        if link is not None:
            known = self.welcome is not None and not self.silent_now
            if bye and known and not (agent is not None and agent.gone):
                with contextlib.suppress(TaverError):
                    link.ask(Bye(), Done, seconds=_STARTED_WITHIN_S)
            link.close()
        if agent is not None:
            agent.end()

    def kill(self) -> None:
        """End a local agent that does not end: nobody else may write its files."""
        if self._agent is not None:
            self._agent.kill()

    def status(self) -> MachineStatus:
        """Return how it goes there."""
        pulse, line = self.pulse, self.estimate.line
        free_bytes = pulse.free_bytes if pulse is not None else 0
        return MachineStatus(
            name=self.name,
            devices=() if pulse is None else pulse.devices,
            free_bytes=free_bytes or self._free_bytes,
            reachable=not (self.silent_now or self.gone),
            clock_error_us=0.0 if line is None else line.error_us,
        )

    def glimpse(self, modality: Modality) -> Glimpse | None:
        """Return the newest one; more come while it is asked for."""
        self._wanted_s[modality] = time.monotonic()
        return self._glimpses.get(modality)

    def delivers(self, modality: Modality) -> bool:
        """Whether one of its devices has that stream."""
        return any(s.modality is modality for d in self.devices for s in d.streams)

    # In the link's thread

    def beat(self) -> Beat:
        """Ask how it goes, tell what time it is, and want pictures."""
        now_s = time.monotonic()
        wants = tuple(m for m, s in list(self._wanted_s.items()) if now_s - s < _WANTED_FOR_S)
        if self._link is not None and not self._hurries:
            self._link.beat_every_s = _WATCHED_BEAT_S if wants else BEAT_S
        return Beat(heard=self._last_news, line=self.estimate.line, wants=wants)

    def felt(self, pulse: Pulse) -> None:
        """Hear how it goes."""
        self.silent_now = False
        self.pulse = pulse
        for glimpse in pulse.glimpses:
            self._glimpses[glimpse.modality] = glimpse
        if self.restarted:
            return  # what it tells is of another recording
        self._last_news = pulse.last
        if pulse.run == self.run:
            streams = [stream for device in pulse.devices for stream in device.streams]
            newest = max((s.last_unix_ns or 0 for s in streams), default=0)
            self.last_frame_unix_ns = max(self.last_frame_unix_ns, newest)
        for happening in pulse.happenings:
            if self.ears is not None:
                self.ears.happened(self, happening)

    def silent(self) -> None:
        """Hear nothing."""
        self.silent_now = True

    # In the asker's thread

    def _burst(self, burst: Sequence[Exchange]) -> bool:
        jump_s = self.estimate.add(burst)
        if jump_s is not None and self.ears is not None:
            self.ears.jumped(self, jump_s)
        if self.estimate.bursts >= _FIRST_BURSTS:
            self._known.set()
        return self.estimate.bursts >= _ENOUGH_BURSTS
