"""The desk itself: takes what happens, what is typed and what time it is, and acts on it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from capture.desk import phases, shutter
from capture.desk.health.finding import Level
from capture.desk.keys import Command
from capture.desk.view import Event, Tone, View
from capture.plan import Nuc
from capture.protocol import course
from capture.protocol.course import Cue
from capture.protocol.file import Kind
from capture.status import HappeningKind
from taver.core.clock import NS_PER_S
from taver.core.frames import PICTURES
from taver.core.session.manifest import SelfReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from capture.desk.health.watch import Watch
    from capture.desk.keys import Asked, Typing
    from capture.desk.lsl import Outlets
    from capture.desk.order import Order
    from capture.desk.view import Board
    from capture.glimpse import Glimpse
    from capture.master.master import Master
    from capture.protocol.course import Began, Place
    from capture.status import Happening
    from taver.core.clock import Clock
    from taver.core.frames import Modality

_LOOK_EVERY_NS: Final = NS_PER_S // 2
_EVENTS_KEPT: Final = 50
_MARKER: Final = "marker "
_TONES: Final = {
    HappeningKind.LOST: Tone.WARNING,
    HappeningKind.BACK: Tone.GOOD,
    HappeningKind.DISK: Tone.WARNING,
    HappeningKind.CLOCK: Tone.WARNING,
    HappeningKind.WARNING: Tone.WARNING,
}
# What the desk itself caused and has told already; and of drops the health checks tell, once.
_TOLD: Final = {HappeningKind.PHASE, HappeningKind.MARKER, HappeningKind.DROPPED}


class Desk:
    """One recording from the operator's side."""

    def __init__(
        self,
        master: Master,
        order: Order,
        watch: Watch,
        board: Board,
        clock: Clock,
        outlets: Outlets | None = None,
    ) -> None:
        self.ending = ""
        self._master = master
        self._order = order
        self._watch = watch
        self._board = board
        self._clock = clock
        self._outlets = outlets
        self._place: Place | None = None
        self._closings = shutter.Closings(last_ns=clock.now_ns())
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._told = 0
        self._failed: set[str] = set()
        self._marks = 0
        self._noted_unix_ns = 0
        self._looked_ns = 0
        self._glimpses: dict[Modality, Glimpse] = {}

    def begin(self, warnings: Iterable[str] = ()) -> None:
        """Enter the first phase of the protocol; say what devices warned of."""
        for warning in warnings:
            self._tell(warning, tone=Tone.WARNING)
        markers = self._master.session.manifest.markers
        self._marks = sum(marker.name.startswith(_MARKER) for marker in markers)
        if self._order.protocol is not None:
            self._place, began = course.begin(self._order.protocol, self._clock.now_ns())
            self._enter(began)

    def hear(self, happenings: Iterable[Happening]) -> None:
        """Take what happened to the recording."""
        for happening in happenings:
            if happening.kind not in _TOLD:
                tone = _TONES.get(happening.kind, Tone.PLAIN)
                self._tell(happening.text, fix=happening.fix, tone=tone)

    def obey(self, asked: Iterable[Asked]) -> None:
        """Do what the operator's keys ask for."""
        for command, note in asked:
            if command is Command.BEGIN_NOTE:
                self._noted_unix_ns = self._now_unix_ns()
            elif command is Command.NOTE:
                self._mark(note, self._noted_unix_ns)
            elif command is Command.MARK:
                self._mark("", self._now_unix_ns())
            elif command is Command.NEXT:
                self._next()
            elif command is Command.SHUTTER:
                self._close_by_key()
            else:
                self.end("stopped by the operator", early=True)

    def end(self, why: str, *, early: bool = False) -> None:
        """Let the recording end; the first reason given stays, and an early end is marked."""
        if not self.ending:
            self.ending = why
            if early:
                self._master.mark("stopped", why)
            self._master.end_phase()
            self._tell(why)

    def go_on(self) -> None:
        """Do what is due by now: self-reports, phases, the shutter."""
        for answer in self._board.answers():
            self._master.self_report(
                SelfReport(
                    phase=answer.phase,
                    unix_ns=self._now_unix_ns(),
                    valence=answer.valence,
                    arousal=answer.arousal,
                    dominance=answer.dominance,
                )
            )
            self._tell(f"{answer.phase}: answered", tone=Tone.GOOD)
            self._step(Cue.ANSWER)
        self._step(None)
        if self._order.nuc is Nuc.MANUAL and not self.ending:
            self._closings, why = shutter.due(
                self._closings,
                self._order.protocol,
                self._place,
                self._clock.now_ns(),
                self._order.nuc_every_ns,
            )
            if why:
                self._master.close_shutter(why)

    def aside(self, what: str, work: Callable[[], object]) -> None:
        """Do what a recording does not depend on; what fails is told once, and left out then."""
        if what in self._failed:
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever it is, the recording goes on
            self._failed.add(what)
            self._tell(
                f"{what} failed and is left out: {type(error).__name__}: {error}",
                fix="the recording goes on without it; report this as a bug",
                tone=Tone.WARNING,
            )

    def tell_others(self) -> None:
        """Tell other programs of new frames and markers, where that is wanted."""
        if self._outlets is not None:
            manifest, now_ns = self._master.session.manifest, self._now_unix_ns()
            self._outlets.tell_frames(self._master.status(), now_ns)
            self._outlets.tell_markers(manifest.markers, manifest.phases, now_ns)

    def look(self) -> None:
        """Look at the pictures; at these and the counters twice a second, and tell what changed."""
        for modality in PICTURES:
            glimpse = self._master.glimpse(modality)
            if glimpse is not None:
                self._glimpses[modality] = glimpse
        now_ns = self._clock.now_ns()
        if now_ns - self._looked_ns < _LOOK_EVERY_NS:
            return
        self._looked_ns = now_ns
        for finding in self._watch.look(self._master.status(), self._glimpses, now_ns / NS_PER_S):
            if finding.level is Level.BAD:
                self._master.mark(f"warning: {finding.about}", finding.text, source="health")
                self._tell(finding.text, fix=finding.fix, tone=Tone.WARNING)
            else:
                self._master.mark(f"well again: {finding.about}", finding.text, source="health")
                self._tell(f"well again: {finding.text}", tone=Tone.GOOD)

    def view(self, typing: Typing, *, keys: bool, pages: tuple[tuple[str, str], ...]) -> View:
        """Return what there is to show now, and pin it where the pages look."""
        protocol, place = self._order.protocol, self._place
        manifest = self._master.session.manifest
        shown = View(
            status=self._master.status(),
            participant=manifest.participant,
            simulated=manifest.simulated,
            phase=phases.view(protocol, place, self._clock.now_ns())
            if protocol is not None and place is not None
            else None,
            warnings=self._watch.raised,
            events=tuple(self._events),
            note=typing.note,
            keys=keys,
            ending=self.ending,
            pages=pages,
        )
        self._board.pin(shown, self._glimpses)
        return shown

    def _step(self, cue: Cue | None) -> None:
        protocol, place = self._order.protocol, self._place
        if protocol is None or place is None or self.ending:
            return
        lead_ns = shutter.LEAD_NS if self._order.nuc is Nuc.MANUAL else 0
        self._place, happened = course.step(
            protocol, place, self._clock.now_ns(), cue, shutter_ns=lead_ns
        )
        for began in happened:
            self._enter(began)

    def _enter(self, began: Began) -> None:
        if began.phase is None:
            self.end("the protocol is over")
            return
        self._master.begin_phase(began.phase.name)
        self._tell(
            f"{began.phase.name} begins" + (f": {began.phase.tell}" if began.phase.tell else "")
        )

    def _next(self) -> None:
        if self._order.protocol is None:
            self._tell("there is no protocol with phases; q ends the recording")
            return
        self._step(Cue.NEXT)

    def _mark(self, note: str, unix_ns: int) -> None:
        self._marks += 1
        self._master.mark(f"{_MARKER}{self._marks}", note, unix_ns=unix_ns)
        self._tell(f"{_MARKER}{self._marks}" + (f": {note}" if note else ""))

    def _close_by_key(self) -> None:
        protocol, place = self._order.protocol, self._place
        if protocol is not None and place is not None:
            phase = course.current(protocol, place)
            if phase is not None and phase.kind is Kind.INTERVIEW:
                self._tell("the shutter stays open in an interview", tone=Tone.WARNING)
                return
        self._closings = msgspec.structs.replace(self._closings, last_ns=self._clock.now_ns())
        self._master.close_shutter("by the operator")
        self._tell("the shutter is asked to close")

    def _now_unix_ns(self) -> int:
        return self._master.now_unix_ns()

    def _tell(self, text: str, *, fix: str = "", tone: Tone = Tone.PLAIN) -> None:
        self._told += 1
        self._events.append(
            Event(number=self._told, unix_ns=self._now_unix_ns(), text=text, fix=fix, tone=tone)
        )
