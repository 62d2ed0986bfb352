"""What the operator reads of a protocol: what is now, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.desk.view import PhaseView
from capture.protocol import course
from capture.protocol.file import Ends
from capture.words import minutes
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from capture.protocol.course import Place
    from capture.protocol.file import Protocol


def view(protocol: Protocol, place: Place, now_ns: int) -> PhaseView | None:
    """Return where the protocol stands, or None when it is over."""
    phase = course.current(protocol, place)
    if phase is None:
        return None
    following = course.after(protocol, place)
    return PhaseView(
        number=place.number + 1,
        count=len(protocol.phases),
        name=phase.name,
        kind=phase.kind,
        tell=phase.tell,
        left_s=max(0.0, (place.until_ns - now_ns) / NS_PER_S),
        ends=phase.ends,
        then=phase.then,
        next_name=following.name if following is not None else "",
        next_kind=following.kind if following is not None else None,
        next_s=following.length_ns / NS_PER_S if following is not None else 0.0,
    )


def ends_by(phase: PhaseView, *, keys: bool) -> str:
    """Say what ends the phase."""
    if phase.ends is Ends.KEY and keys:
        return "until you press n"
    if phase.ends is Ends.ANSWER:
        return "until it is answered"
    return ""


def what_is_next(phase: PhaseView) -> str:
    """Say what comes after this phase."""
    if not phase.next_name:
        return "the end"
    return f"{phase.next_name} ({phase.next_kind}, {minutes(phase.next_s)})"
