"""Where a protocol stands: time and cues in, the phases that begin and end out."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capture.protocol.file import Ends, Kind

if TYPE_CHECKING:
    from capture.protocol.file import Phase, Protocol


class Cue(enum.Enum):
    """What can happen besides time."""

    NEXT = "next"  # the operator's key
    ANSWER = "answer"  # the person gave a self-report


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a protocol: which phase, since when, and when it ends at the latest."""

    number: int  # from 0; as many as there are phases: it is over
    since_ns: int
    until_ns: int


class Began(NamedTuple):
    """A phase begins at a moment; None: the protocol is over."""

    phase: Phase | None
    at_ns: int


def begin(protocol: Protocol, now_ns: int) -> tuple[Place, Began]:
    """Enter the first phase."""
    return _enter(protocol, 0, now_ns)


def step(
    protocol: Protocol,
    place: Place,
    now_ns: int,
    cue: Cue | None = None,
    *,
    shutter_ns: int = 0,
) -> tuple[Place, list[Began]]:
    """Go on to `now_ns`, and by a cue; several phases may have passed meanwhile.

    Phases that end by time begin where the one before was to end, however late this is called, so
    that no delay adds up. An interview that a cue would begin waits `shutter_ns` for the thermal
    shutter, which is to be closed before it and not in it.
    """
    happened: list[Began] = []
    if cue is not None and _heeds(protocol, place, cue):
        phase, following = current(protocol, place), after(protocol, place)
        waits = (
            following is not None
            and following.kind is Kind.INTERVIEW
            and phase is not None
            and phase.kind is not Kind.INTERVIEW
        )
        until_ns = max(now_ns, place.since_ns) + (shutter_ns if waits else 0)
        place = msgspec.structs.replace(place, until_ns=min(place.until_ns, until_ns))
    while not is_over(protocol, place) and now_ns >= place.until_ns:
        place, began = _enter(protocol, place.number + 1, place.until_ns)
        happened.append(began)
    return place, happened


def current(protocol: Protocol, place: Place) -> Phase | None:
    """Return the phase that lasts, or None when it is over."""
    return None if is_over(protocol, place) else protocol.phases[place.number]


def after(protocol: Protocol, place: Place) -> Phase | None:
    """Return the phase that comes next, or None if none does."""
    following = protocol.phases[place.number + 1 :]
    return following[0] if following else None


def is_over(protocol: Protocol, place: Place) -> bool:
    """Tell whether the last phase has ended."""
    return place.number >= len(protocol.phases)


def _heeds(protocol: Protocol, place: Place, cue: Cue) -> bool:
    phase = current(protocol, place)
    if phase is None:
        return False
    return cue is Cue.NEXT or phase.ends is Ends.ANSWER


def _enter(protocol: Protocol, number: int, at_ns: int) -> tuple[Place, Began]:
    phase = protocol.phases[number] if number < len(protocol.phases) else None
    length_ns = phase.length_ns if phase is not None else 0
    place = Place(number=number, since_ns=at_ns, until_ns=at_ns + length_ns)
    return place, Began(phase, at_ns)
