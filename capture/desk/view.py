"""What there is to show of a recording at one moment, to whoever shows it."""

from __future__ import annotations

import enum
import threading
from typing import TYPE_CHECKING

import msgspec

from capture.desk.health.finding import Finding
from capture.protocol.file import Ends, Kind
from capture.status import SessionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.glimpse import Glimpse
    from taver.core.frames import Modality


class Tone(enum.StrEnum):
    """How something is to be taken."""

    PLAIN = "plain"
    WARNING = "warning"
    GOOD = "good"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, as the operator reads it."""

    number: int  # from 1
    unix_ns: int
    text: str
    fix: str = ""
    tone: Tone = Tone.PLAIN


class PhaseView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the protocol stands."""

    number: int  # from 1
    count: int
    name: str
    kind: Kind
    tell: str
    left_s: float
    ends: Ends
    then: str
    next_name: str  # empty: it is the last
    next_kind: Kind | None
    next_s: float


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen or a page shows."""

    status: SessionStatus
    participant: str | None
    simulated: bool
    phase: PhaseView | None = None
    warnings: tuple[Finding, ...] = ()
    events: tuple[Event, ...] = ()  # the last ones, in their order
    note: str | None = None  # as far as it is typed
    keys: bool = False  # whether there is an operator at a keyboard
    ending: str = ""  # why the recording ends, once it does
    pages: tuple[tuple[str, str], ...] = ()  # what each is for, and its address


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A self-report as it came from its page, not yet told a time."""

    phase: str
    valence: int
    arousal: int
    dominance: int | None


class Board:
    """Where the desk pins what others show, and where answers from a page wait for the desk."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._view: View | None = None
        self._glimpses: dict[Modality, Glimpse] = {}
        self._answers: list[Answer] = []
        self._answered: set[str] = set()

    def pin(self, view: View, glimpses: Mapping[Modality, Glimpse]) -> None:
        """Put up what is so now."""
        with self._turn:
            self._view = view
            self._glimpses = dict(glimpses)

    def view(self) -> View | None:
        """Return what was put up last, or None if nothing was yet."""
        with self._turn:
            return self._view

    def glimpses(self) -> dict[Modality, Glimpse]:
        """Return the newest small pictures."""
        with self._turn:
            return dict(self._glimpses)

    def answer(self, answer: Answer) -> bool:
        """Hand in a self-report; refused where its phase is not the one that lasts."""
        with self._turn:
            phase = self._view.phase if self._view is not None else None
            if phase is None or phase.kind is not Kind.SELF_REPORT or phase.name != answer.phase:
                return False
            if answer.phase not in self._answered:  # an impatient finger sends it twice
                self._answered.add(answer.phase)
                self._answers.append(answer)
            return True

    def answers(self) -> list[Answer]:
        """Take the self-reports that were handed in."""
        with self._turn:
            taken, self._answers = self._answers, []
            return taken

    def answered(self) -> frozenset[str]:
        """Return the phases that were reported on."""
        with self._turn:
            return frozenset(self._answered)
