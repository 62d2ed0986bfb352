"""What was asked for on the command line, as a plan for the recorder and an order for the desk."""

from __future__ import annotations

import difflib
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from capture.desk.order import Order
from capture.invented import invent
from capture.plan import Nuc, Plan
from capture.protocol.file import load
from taver.core.clock import NS_PER_S
from taver.core.errors import InputError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from pathlib import Path

    from capture.protocol.file import Protocol
    from taver.core.study import Study

USUAL_SECONDS: Final = 60.0
# The protocol ends the recording; the plan leaves it the time to do so.
_SLACK_S: Final = 5.0


class Wish(NamedTuple):
    """What is to be recorded, and how the operator is to be served."""

    plan: Plan
    order: Order


def wish(
    study: Study,
    *,
    session: str | None,
    participant: str | None = None,
    seconds: float | None = None,
    sim: bool = False,
    streams: str | None = None,
    protocol: Path | None = None,
    nuc: Nuc = Nuc.AUTO,
    keep_all: bool = False,
    resume: bool = False,
    check: bool = False,
    preview: bool = False,
) -> Wish:
    """Put together what was asked for; what contradicts itself is refused."""
    if session is None and not check:
        raise InputError("The session has no name", fix="give it one, such as --session s01")
    if resume and check:
        raise InputError("A check records nothing", fix="leave --resume out, or --check")
    course = load(protocol) if protocol is not None else None
    if participant is not None and sim:
        if check:
            participant = None  # nobody is put on file for a check
        else:
            invent(study, participant)
    plan = Plan(
        session=session if session is not None and not check else f"check-{secrets.token_hex(4)}",
        participant=participant,
        seconds=_length_s(seconds, course),
        streams=_streams(streams),
        grid_hz=0 if keep_all else study.config.capture.grid_hz,
        nuc=nuc,
        part=2 if resume else 1,  # the master finds out which it is
    )
    order = Order(
        session=plan.session,
        protocol=course,
        nuc=nuc,
        nuc_every_ns=round(study.config.capture.nuc_every_minutes * 60 * NS_PER_S),
        preview=preview,
        lsl=study.config.capture.lsl,
    )
    return Wish(plan, order)


def _length_s(seconds: float | None, protocol: Protocol | None) -> float:
    if protocol is None:
        return USUAL_SECONDS if seconds is None else seconds
    if seconds is not None:
        raise InputError(
            f"The protocol {protocol.name!r} says how long it is recorded, and so does --seconds",
            fix="leave one of them out",
        )
    return protocol.seconds + _SLACK_S


def _streams(text: str | None) -> tuple[Modality, ...] | None:
    """Return the streams named with commas between them, or None for what the devices deliver."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("No stream is named", fix="name some, such as --streams color,thermal")
    known = [str(modality) for modality in Modality]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InputError(
                f"There is no stream {name!r}{hint}", fix=f"choose from {', '.join(known)}"
            )
    return tuple(Modality(name) for name in names)
