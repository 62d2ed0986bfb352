"""interview.toml and its like: the phases of a session, written by people."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from taver.core import config
from taver.core.clock import NS_PER_S
from taver.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_S: Final = 24 * 3600.0  # a day; what is longer is a slip of the pen
_MOST_PHASES: Final = 1_000
Shown = Annotated[str, msgspec.Meta(max_length=300, pattern="^[^\\x00-\\x1f\\x7f]*$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[^\\x00-\\x1f\\x7f]+$")]


class Kind(enum.StrEnum):
    """What a phase is for."""

    RELAXING = "relaxing"
    INTERVIEW = "interview"  # the thermal shutter stays open in it
    SELF_REPORT = "self-report"
    BREAK = "break"


class Ends(enum.StrEnum):
    """What ends a phase; its length ends it in any case, and so does the operator's key."""

    TIME = "time"
    KEY = "key"
    ANSWER = "answer"  # of a self-report


class PhaseSection(config.Section, frozen=True, kw_only=True):
    """One phase; of one that ends by a key or an answer, the length is the most it may take."""

    name: Name
    kind: Kind
    minutes: float | None = None
    seconds: float | None = None
    ends: Ends | None = None
    tell: Shown = ""  # to the operator, while it lasts
    then: Shown = ""  # what to get ready for what comes next


class ProtocolFile(config.Section, frozen=True, kw_only=True):
    """All of a protocol's file."""

    name: Name
    phases: tuple[PhaseSection, ...]


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase as it is carried out."""

    name: str
    kind: Kind
    length_ns: int
    ends: Ends
    tell: str = ""
    then: str = ""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """The phases of a session, in their order."""

    name: str
    phases: tuple[Phase, ...]

    @property
    def length_ns(self) -> int:
        """The longest it can take."""
        return sum(phase.length_ns for phase in self.phases)

    @property
    def seconds(self) -> float:
        """The longest it can take, as a plan wants it."""
        return self.length_ns / NS_PER_S


def load(path: Path) -> Protocol:
    """Read the protocol at `path`, or list everything that is wrong with it."""
    written = config.load(path, ProtocolFile)
    problems = list(_problems(written))
    if problems:
        raise ConfigError(
            f"{path} is no protocol that can be carried out",
            fix="correct what is listed; examples/03_interview_protocol.toml is one that works",
            problems=problems,
        )
    return Protocol(name=written.name, phases=tuple(_phase(p) for p in written.phases))


def _phase(written: PhaseSection) -> Phase:
    usual = Ends.ANSWER if written.kind is Kind.SELF_REPORT else Ends.TIME
    return Phase(
        name=written.name,
        kind=written.kind,
        length_ns=round(_length_s(written) * NS_PER_S),
        ends=written.ends or usual,
        tell=written.tell,
        then=written.then,
    )


def _length_s(written: PhaseSection) -> float:
    if written.minutes is not None:
        return written.minutes * 60
    return written.seconds if written.seconds is not None else math.nan


def _problems(written: ProtocolFile) -> list[str]:
    if not written.phases:
        return ["it has no phases: begin one with [[phases]]"]
    if len(written.phases) > _MOST_PHASES:
        return [f"it has {len(written.phases)} phases; {_MOST_PHASES} is the most"]
    found = []
    seen: set[str] = set()
    for number, phase in enumerate(written.phases, 1):
        called = f"phase {number}, {phase.name!r}"
        if phase.name.casefold() in seen:
            found.append(f"{called}: another has that name; each needs its own, to be told apart")
        seen.add(phase.name.casefold())
        if (phase.minutes is None) == (phase.seconds is None):
            found.append(f"{called}: give it either minutes or seconds")
        elif not 1 <= _length_s(phase) <= _LONGEST_S:
            found.append(f"{called}: it lasts {_length_s(phase):g} s, not from a second to a day")
        if phase.ends is Ends.ANSWER and phase.kind is not Kind.SELF_REPORT:
            found.append(f'{called}: only a phase of kind "self-report" can end by an answer')
    lengths_s = [_length_s(phase) for phase in written.phases]
    if not found and sum(lengths_s) > _LONGEST_S:
        found.append(f"all together last {sum(lengths_s) / 3600:.1f} hours; a day is the most")
    return found
