"""When to close the thermal camera's shutter: at phase changes, now and then, never in interviews.

A camera that is never told to adjusts itself when it likes, perhaps in the middle of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from capture.protocol import course
from capture.protocol.file import Kind
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from capture.protocol.course import Place
    from capture.protocol.file import Protocol

# It is closed for less than a second; an interview begins when it is open again for sure.
LEAD_NS: Final = 2 * NS_PER_S


class Closings(msgspec.Struct, frozen=True, kw_only=True):
    """What was closed so far."""

    last_ns: int
    phase: int = -1  # the last phase that it was closed for


def due(
    closings: Closings,
    protocol: Protocol | None,
    place: Place | None,
    now_ns: int,
    every_ns: int,
) -> tuple[Closings, str]:
    """Return why to close it now, or nothing, and what holds from then on."""
    if protocol is not None and place is not None:
        phase, following = course.current(protocol, place), course.after(protocol, place)
        if phase is None or phase.kind is Kind.INTERVIEW:
            return closings, ""
        wanted = place.number
        begins = following is not None and following.kind is Kind.INTERVIEW
        if begins and place.until_ns - now_ns <= LEAD_NS:
            wanted += 1
        if closings.phase < wanted:
            return Closings(last_ns=now_ns, phase=wanted), f"before {protocol.phases[wanted].name}"
    if now_ns - closings.last_ns >= every_ns:
        after_s = every_ns / NS_PER_S
        changed = msgspec.structs.replace(closings, last_ns=now_ns)
        return changed, f"{after_s / 60:g} minutes after the last"
    return closings, ""
