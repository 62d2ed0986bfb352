"""The recording in progress: when it began and ends, which files there are, what happened."""

from __future__ import annotations

import concurrent.futures
import queue
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from capture.master import awaited, fitness
from capture.master.awaited import AwaitedRun
from capture.status import Happening, HappeningKind
from taver.core.clock import NS_PER_MS, NS_PER_S, Clock, Epoch
from taver.core.errors import TaverError
from taver.core.session.manifest import Marker, piece_file
from taver.core.session.streams import new_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capture.master.clockbook import ClockBook
    from capture.master.ledger import Ledger
    from capture.master.member import Member
    from capture.plan import Plan
    from taver.core.frames import DeviceInfo, Modality
    from taver.core.session.manifest import Manifest

# How long the order to start is under way, at most: here, and over a network.
_LEAD_NS: Final = 400 * NS_PER_MS
_FAR_LEAD_NS: Final = 1_000 * NS_PER_MS
# What agents tell of on the way stands in the session before it ends, under these names.
_MARKED: Final = {
    HappeningKind.SHUTTER: ("shutter", "shutter"),
    HappeningKind.BACK: ("gap", "device"),
}


class Recording:
    """What all parts of the master share; from any thread."""

    def __init__(self, plan: Plan, members: Sequence[Member], epoch: Epoch, clock: Clock) -> None:
        self.plan = plan
        self.members = list(members)
        self.epoch = epoch
        self.clock = clock
        self.happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self.problems: list[TaverError] = []
        self.orphans: list[tuple[Modality, str]] = []  # files of agents that died at them
        self.start_unix_ns = 0
        self.until_unix_ns = 0
        self.grid_start_unix_ns: int | None = None
        self.over = threading.Event()  # nothing is recorded any more
        self.ledger: Ledger | None = None
        self.clockbook: ClockBook | None = None
        self._files_taken: set[str] = set()
        self._turn = threading.Lock()

    @property
    def devices(self) -> list[DeviceInfo]:
        """All devices of all machines."""
        return [device for member in self.members for device in member.devices]

    @property
    def lead_ns(self) -> int:
        """How long before it an order has to be given."""
        return _LEAD_NS if all(member.is_local for member in self.members) else _FAR_LEAD_NS

    def now_ns(self) -> int:
        """Return the master's time: the wall clock as it was when we began, and what passed."""
        return self.epoch.to_unix_ns(self.clock.now_ns())

    def host_ns(self, unix_ns: int) -> int:
        """Return a moment of the master's time by this machine's monotonic clock."""
        return self.epoch.host_ns + unix_ns - self.epoch.unix_ns

    def say(
        self, kind: HappeningKind, text: str, *, fix: str = "", unix_ns: int | None = None
    ) -> None:
        """Let it be known that something happened."""
        at_ns = self.now_ns() if unix_ns is None else unix_ns
        self.happenings.put(Happening(kind=kind, unix_ns=at_ns, text=text, fix=fix))

    def trouble(self, error: TaverError) -> None:
        """Hear of something that has to be told at the end as well as now."""
        self.problems.append(error)
        self.say(HappeningKind.WARNING, error.what, fix=error.fix)

    def streams_of(self, member: Member) -> list[Modality]:
        """Return what a member is to record."""
        return [stream.modality for stream in fitness.wanted(self.plan, member.devices)]

    def each(self, work: Callable[[Member], object]) -> list[TaverError]:
        """Do something with all members at once; return what went wrong."""
        errors: list[TaverError] = []
        if not self.members:
            return errors
        with concurrent.futures.ThreadPoolExecutor(len(self.members)) as pool:
            for future in [pool.submit(work, member) for member in self.members]:
                try:
                    future.result()
                except TaverError as error:
                    errors.append(error)
        return errors

    def take_names(self, manifest: Manifest, awaiting: Sequence[AwaitedRun]) -> None:
        """Note the files that the session has, so that no later one is called so."""
        for stream in manifest.streams.values():
            self._files_taken.update(piece.file for piece in stream.pieces)
        for run in awaiting:
            self._files_taken.update(run.files.values())

    def arm(self, member: Member) -> None:
        """Let a member make its next files, told in the session's folder before they are there."""
        files = {modality: self._next_file(modality) for modality in self.streams_of(member)}
        epoch = member.epoch_now()
        ledger, clockbook = self.ledger, self.clockbook
        if ledger is not None and member.is_local:
            ledger.put(new_pieces(member.devices, files, epoch))
        elif ledger is not None and clockbook is not None:
            run = AwaitedRun(
                agent=member.name,
                address=member.address,
                run=member.run,
                clock=clockbook.enter(member.name, member.estimate),
                files=files,
            )
            self._await(run)
        simulated = any(device.simulated for device in self.devices)
        member.arm(files, epoch=epoch, simulated=simulated)

    def start(self, member: Member, at_unix_ns: int) -> int:
        """Let a member start then; return the master's time at which it does."""
        grid_ns = at_unix_ns if self.grid_start_unix_ns is None else self.grid_start_unix_ns
        started = member.start(at_unix_ns, self.until_unix_ns, grid_ns)
        if self.ledger is not None and not member.is_local:
            folder = self.ledger.session.folder
            (run,) = [run for run in awaited.read(folder).runs if run.run == member.run]
            self._await(msgspec.structs.replace(run, begun=True))
        return member.unix_ns(started.at_host_ns)

    def set_span(self, start_unix_ns: int, seconds: float) -> None:
        """Say from when until when."""
        self.start_unix_ns = start_unix_ns
        self.until_unix_ns = start_unix_ns + round(seconds * NS_PER_S)

    def settle_nothing(self, plan: Plan) -> None:
        """Be as before a check: nothing has begun, and this is the plan."""
        self.plan = plan
        self.start_unix_ns = self.until_unix_ns = 0
        self.grid_start_unix_ns = None
        self._files_taken.clear()

    # Heard by the members, in the threads of their links

    def happened(self, member: Member, happening: Happening) -> None:
        """Hear of something in a member's recording."""
        self.happenings.put(happening)
        if self.ledger is not None and happening.kind in _MARKED:
            name, source = _MARKED[happening.kind]
            self.ledger.tell(
                member.name,
                Marker(
                    name=name,
                    unix_ns=happening.unix_ns,
                    until_unix_ns=happening.until_unix_ns,
                    note=happening.text,
                    source=source,
                ),
            )

    def jumped(self, member: Member, seconds: float) -> None:
        """Hear that a member's clock jumped against ours."""
        text = f"The clock of {member.name} jumped by {seconds:+.3f} s against this machine's"
        fix = "let neither machine sleep while it records; the session's clocks are fitted in two"
        self.say(HappeningKind.CLOCK, text, fix=fix)
        if self.ledger is not None:
            note = f"{member.name}: {seconds:+.3f} s"
            self.ledger.mark(
                Marker(name="clock jumped", unix_ns=self.now_ns(), note=note, source="machine")
            )

    def _await(self, run: AwaitedRun) -> None:
        """Note a recording that is to be collected."""
        if self.ledger is None:
            return
        with self._turn:
            folder = self.ledger.session.folder
            others = awaited.read(folder).without(run.run)
            awaited.save(folder, msgspec.structs.replace(others, runs=(*others.runs, run)))

    def _next_file(self, modality: Modality) -> str:
        with self._turn:
            number = 1
            while piece_file(modality, number) in self._files_taken:
                number += 1
            file = piece_file(modality, number)
            self._files_taken.add(file)
            return file
