"""One recording, led from the first look at the devices to the finished session.

    with Master(study, plan, crews_for(study, sim=False, streams=plan.streams)) as master:
        preview = master.prepare()
        master.start()
        while master.running:
            for happening in master.poll(0.5):
                ...
        session = master.finish()

Every method may be called from any one thread at a time; `status`, `glimpse`, `mark`,
`begin_phase`, `self_report` and `close_shutter` from several at once. Leaving the block at any
moment, by an error or by Ctrl-C as well, stops what runs, finishes all files and saves what is
known; nothing recorded is lost by it. (SIGTERM ends a Python program at once unless the command
turns it into an exception. Then, as after any sudden death, local agents finish their files within
seconds, and `taver session recover` accounts for them.)
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import queue
import time
from typing import TYPE_CHECKING, Final, Self

import msgspec

from capture.master import awaited, fitness, opening, passing
from capture.master.clockbook import ClockBook
from capture.master.ending import Ending
from capture.master.keeping import Keeper, left_of
from capture.master.ledger import Ledger
from capture.master.member import Member
from capture.master.preview import Checkup, SessionPreview
from capture.master.recording import Recording
from capture.master.watching import Rates, overall
from capture.wire.messages import Holding, List, Shutter, StopAt
from taver.core.clock import NS_PER_S, Epoch, HostClock
from taver.core.errors import BusyError, InputError, TaverError
from taver.core.session.folder import find
from taver.core.session.manifest import GridPlan, Marker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from capture.glimpse import Glimpse
    from capture.master.crews import Crew
    from capture.plan import Plan
    from capture.status import Happening, SessionStatus
    from taver.core.frames import Modality
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.session.manifest import SelfReport
    from taver.core.study import Study

RESUMED: Final = "resumed"
_HEARD_WITHIN_S: Final = 5.0
_LISTEN_EVERY_S: Final = 0.2


class Master:
    """Leads the recording of one session, or of one more part of it (`plan.part` > 1)."""

    def __init__(self, study: Study, plan: Plan, crews: Sequence[Crew]) -> None:
        self._study = study
        self._clock = HostClock()
        epoch = Epoch.now()
        members = [Member(crew, epoch, self._clock) for crew in crews]
        self._recording = Recording(plan, members, epoch, self._clock)
        for member in members:
            member.ears = self._recording
        self._rates = Rates()
        self._stack = contextlib.ExitStack()
        self._prepared = False
        self._keeper: Keeper | None = None
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Before

    def prepare(self) -> SessionPreview:
        """Find everything in order, or raise one error with every problem; nothing is made.

        Starts local agents, finds the others, compares versions, opens devices, brings clocks
        together, looks at disks, at the consent of `plan.participant`, and whether the session's
        name is free (or, for a further part, whether the session is there and fits).
        """
        if self._keeper is not None:
            raise BusyError("The recording has begun", fix="make another Master for another one")
        recording = self._recording
        errors: list[TaverError] = []
        fitness.gathered(errors, lambda: fitness.require_name(self._study, recording.plan))
        if not errors and recording.plan.part > 1:
            recording.plan = self._plan_of_part()
        fitness.gathered(errors, lambda: fitness.require_person(self._study, recording.plan))
        if not recording.members:
            errors.append(
                InputError(
                    "No device was named to record from",
                    fix="name devices in study.toml under [capture], attach cameras, or use --sim",
                )
            )
        errors += recording.each(self._make_ready)
        if not errors:
            self._look_at_all(errors)
        fitness.raise_all(errors)
        self._prepared = True
        held = self._held_sessions()
        told = [f"Agents still hold recordings of {', '.join(held)}: taver agent collect NAME"]
        return SessionPreview(
            devices=tuple(recording.devices),
            machines=tuple(member.status() for member in recording.members),
            warnings=(
                *fitness.warnings(recording.plan, recording.devices),
                *(told if held else ()),
            ),
            held=held,
        )

    def check(self, seconds: float = 5.0) -> Checkup:
        """Run all streams for so long and keep nothing; `prepare` comes first, `start` may follow.

        `status` and `glimpse` work meanwhile.
        """
        if not self._prepared:
            self.prepare()
        try:
            with passing.kept_nothing(self._recording, self._study, seconds):
                self._give_the_start()
                glimpses = passing.watched(self._recording)
                return Checkup(
                    status=self.status(), glimpses=glimpses, happenings=tuple(self._heard_so_far())
                )
        finally:
            self._prepared = False  # devices are opened again before anything else

    # The start

    def start(self) -> None:
        """Make the session, open all files and give the start; returns when all have started.

        Prepares first if that was not done. From here on session.json is kept current.
        """
        if not self._prepared:
            self.prepare()
        recording = self._recording
        with contextlib.ExitStack() as undo:
            session = opening.opened(self._study, recording, self._stack, undo)
            recording.clockbook = ClockBook(session.folder, recording.epoch)
            recording.ledger = ledger = Ledger(session, recording.trouble)
            recording.take_names(session.manifest, awaited.read(session.folder).runs)
            undo.callback(self._take_back, session)
            fitness.raise_all(recording.each(recording.arm) or recording.problems)
            if session.manifest.grid is not None:
                recording.grid_start_unix_ns = session.manifest.grid.start_unix_ns
            keeper = Keeper(recording, self._prepare_again)
            self._give_the_start()
            self._keeper = keeper
            undo.pop_all()  # from here on nothing is taken back
        self._keeper.start()
        if recording.plan.grid_hz and session.manifest.grid is None:
            ledger.set_grid(
                GridPlan(rate_hz=recording.plan.grid_hz, start_unix_ns=recording.start_unix_ns)
            )
        if recording.plan.part > 1:
            ledger.mark(
                Marker(
                    name=RESUMED,
                    unix_ns=recording.start_unix_ns,
                    note=f"part {recording.plan.part}",
                    source="machine",
                )
            )
        self._clock.sleep_until_ns(recording.host_ns(recording.start_unix_ns))

    # While it runs

    @property
    def running(self) -> bool:
        """Whether something is recorded: from `start` until the planned end, or `stop`."""
        return self._keeper is not None and not self._recording.over.is_set()

    @property
    def session(self) -> Session:
        """The session, from `start` on."""
        return self._ledger.session

    def now_unix_ns(self) -> int:
        """Return the recording's own time, which setting the machine's clock does not change."""
        return self._recording.now_ns()

    def poll(self, seconds: float) -> list[Happening]:
        """Wait for something to happen, so long at most; return what did since the last call."""
        until_s = time.monotonic() + seconds
        while not (found := self._heard_so_far()):
            left_s = until_s - time.monotonic()
            if left_s <= 0 or (self._keeper is not None and self._recording.over.is_set()):
                break
            # In short waits: Windows hears no Ctrl-C inside a long one.
            with contextlib.suppress(queue.Empty):
                first = self._recording.happenings.get(timeout=min(left_s, _LISTEN_EVERY_S))
                return [first, *self._heard_so_far()]
        return found

    def status(self) -> SessionStatus:
        """Tell how it goes, as of the last half second."""
        recording = self._recording
        self._rates.look(self._clock.now_ns(), [member.status() for member in recording.members])
        started, ledger = recording.start_unix_ns, recording.ledger
        return overall(
            recording,
            self._rates,
            elapsed_s=max(0, recording.now_ns() - started) / NS_PER_S if started else 0.0,
            phase="" if ledger is None else ledger.phase,
            markers=0 if ledger is None else ledger.marker_count,
        )

    def glimpse(self, modality: Modality) -> Glimpse | None:
        """Return the newest small picture known; while it is asked for, some come each second."""
        members = [m for m in self._recording.members if m.delivers(modality)]
        found = [member.glimpse(modality) for member in members]
        return next((glimpse for glimpse in found if glimpse is not None), None)

    def begin_phase(self, name: str) -> None:
        """Let a phase of the protocol begin now, and the one before it end."""
        self._ledger.begin_phase(name, self.now_unix_ns())

    def end_phase(self) -> None:
        """Let the phase end now without another beginning."""
        self._ledger.end_phase(self.now_unix_ns())

    def mark(
        self, name: str, note: str = "", source: str = "operator", unix_ns: int | None = None
    ) -> None:
        """Note this moment in the session, or the one a note was begun at."""
        at_ns = self.now_unix_ns() if unix_ns is None else unix_ns
        self._ledger.mark(Marker(name=name, unix_ns=at_ns, note=note, source=source))

    def self_report(self, report: SelfReport) -> None:
        """Put what the person said of themselves into the session."""
        self._ledger.report(report)

    def close_shutter(self, why: str) -> None:
        """Close every shutter that there is, once; it is marked with `why` as its note."""
        self.mark("shutter asked", why, "operator")
        for member in self._recording.members:
            if not member.lost:
                with contextlib.suppress(TaverError):
                    member.link.begin(Shutter(close=True))

    def stop(self) -> None:
        """End the recording now on all machines; `finish` comes next. May be called twice."""
        recording = self._recording
        if not self.running:
            return
        # All at one moment, as they began.
        end_ns = recording.now_ns() + recording.lead_ns // 2
        if end_ns >= recording.until_unix_ns:
            return
        recording.until_unix_ns = end_ns
        waiting = [
            member.link.begin(StopAt(at_unix_ns=end_ns))
            for member in recording.members
            if not member.lost
        ]
        concurrent.futures.wait(waiting, timeout=_HEARD_WITHIN_S)

    # The end

    def finish(self, progress: Progress | None = None) -> Session:
        """Wait for the end if it still runs, collect, fit clocks and complete the session.

        Raises after everything that could be saved was saved; the error says what to run, and
        `session` is what there is.
        """
        if self._keeper is None:
            raise BusyError("Nothing was started", fix="call start first")
        recording, ledger = self._recording, self._ledger
        if self._finished:
            return ledger.session
        while self._keeper.is_alive() and not recording.over.wait(_LISTEN_EVERY_S):
            pass
        self._finished = True
        try:
            self._keeper.end()
            ledger.close_gaps(min(recording.now_ns(), recording.until_unix_ns))
            ending = Ending(recording, ledger)
            ending.run(progress)
        finally:
            self._part()
        ending.raise_problems()
        return ledger.session

    def close(self) -> None:
        """Let go of everything; what still runs is stopped and finished. May be called twice."""
        try:
            if self._keeper is not None and not self._finished:
                with contextlib.suppress(TaverError):
                    self.stop()
                    self.finish()
        finally:
            self._part()

    # Inside

    @property
    def _ledger(self) -> Ledger:
        if self._recording.ledger is None:
            raise BusyError("The recording has not begun", fix="call start first")
        return self._recording.ledger

    @property
    def _folder(self) -> Path:
        return self._study.sessions_folder / self._recording.plan.session

    def _part(self) -> None:
        """Part from all members, and let the session go."""
        if self._keeper is not None:
            self._keeper.end()
        self._recording.each(Member.leave)
        self._prepared = False
        self._stack.close()

    def _plan_of_part(self) -> Plan:
        """Give a further part its number, and the person whose session it is."""
        plan = self._recording.plan
        manifest = find(self._study, plan.session).manifest
        number = 2 + sum(marker.name == RESUMED for marker in manifest.markers)
        who = plan.participant or manifest.participant
        return msgspec.structs.replace(plan, part=number, participant=who)

    def _make_ready(self, member: Member) -> None:
        member.join()
        member.prepare(self._recording.plan, self._folder, passing=False)
        member.know_clock()

    def _heard_so_far(self) -> list[Happening]:
        found: list[Happening] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._recording.happenings.get_nowait())
        return found

    def _prepare_again(self, member: Member) -> None:
        """Open a member's devices for what is left of the recording."""
        plan = self._recording.plan
        left = msgspec.structs.replace(plan, seconds=left_of(self._recording, plan.seconds))
        member.prepare(left, self._folder, passing=False)

    def _look_at_all(self, errors: list[TaverError]) -> None:
        study, plan, members = self._study, self._recording.plan, self._recording.members
        devices = self._recording.devices
        for look in (
            lambda: fitness.require_streams(plan, members),
            lambda: fitness.require_agreed(study, plan, devices),
            lambda: fitness.require_room(study, plan, members),
            lambda: fitness.require_same(study, plan, devices),
        ):
            fitness.gathered(errors, look)

    def _held_sessions(self) -> tuple[str, ...]:
        found: set[str] = set()
        for member in self._recording.members:
            if member.welcome is not None and member.welcome.held:
                with contextlib.suppress(TaverError):
                    holding = member.link.ask(List(), Holding, seconds=_HEARD_WITHIN_S)
                    found.update(recording.session for recording in holding.recordings)
        return tuple(sorted(found))

    def _take_back(self, session: Session) -> None:
        opening.take_back(self._recording, session)
        self._prepared = False

    def _give_the_start(self) -> None:
        """Tell all when to start; raises if one of them cannot."""
        recording = self._recording
        start_ns = recording.now_ns() + recording.lead_ns
        recording.set_span(start_ns, recording.plan.seconds)
        fitness.raise_all(recording.each(lambda member: recording.start(member, start_ns)))
