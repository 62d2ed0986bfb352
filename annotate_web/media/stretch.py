"""Which stretches of a session are meant: a phase of its protocol, from one moment to another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from taver.core.session.manifest import Manifest

_CLOCK: Final = re.compile(r"(?:(?:([0-9]+):)?([0-9]+):)?([0-9]+(?:\.[0-9]+)?)\Z")


class Stretch(NamedTuple):
    """From a moment to before another one."""

    from_unix_ns: int
    until_unix_ns: int


def seconds(text: str, option: str) -> float:
    """Return what somebody typed as a moment: 90, 1:30 or 1:02:03.5."""
    match = _CLOCK.match(text.strip())
    if match is None:
        raise InputError(
            f"{option} {text!r} is no moment", fix=f"give seconds or a clock: {option} 1:30"
        )
    hours, minutes, secs = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(secs)


def stretches(
    manifest: Manifest,
    first_ns: int,
    last_ns: int,
    *,
    phase: str | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
) -> list[Stretch]:
    """Return every stretch called `phase` (all of the recording, without), cut to from and to.

    `from_s` and `to_s` count from the stretch's own start; the recording's pictures were taken
    from `first_ns` to `last_ns`.
    """
    whole = Stretch(first_ns, last_ns + 1)
    wholes = [whole] if phase is None else _phases(manifest, phase, last_ns)
    if len(wholes) > 1 and (from_s is not None or to_s is not None):
        raise InputError(
            f"Session {manifest.name} has the phase {phase} {len(wholes)} times, "
            "and --from and --to could be of any of them",
            fix="leave --phase out and count from the session's first picture",
        )
    return [_cut(whole, from_s, to_s) for whole in wholes]


def _phases(manifest: Manifest, name: str, last_ns: int) -> list[Stretch]:
    found = [
        Stretch(phase.start_unix_ns, last_ns + 1 if (end := phase.end_unix_ns) is None else end)
        for phase in manifest.phases
        if phase.name == name
    ]
    if not found:
        known = ", ".join(dict.fromkeys(p.name for p in manifest.phases)) or "none"
        raise NotFoundError(
            f"Session {manifest.name} has no phase {name!r} (it has: {known})",
            fix="choose one of these, or leave --phase out",
        )
    return found


def _cut(whole: Stretch, from_s: float | None, to_s: float | None) -> Stretch:
    start = whole.from_unix_ns
    from_ns = start + round((from_s or 0.0) * NS_PER_S)
    until_ns = whole.until_unix_ns if to_s is None else start + round(to_s * NS_PER_S)
    until_ns = min(until_ns, whole.until_unix_ns)
    if until_ns <= from_ns:
        length_s = (whole.until_unix_ns - start) / NS_PER_S
        to = "on" if to_s is None else f"to {to_s:g} s"
        raise InputError(
            f"From {from_s or 0:g} s {to} there is nothing; the stretch is {length_s:.1f} s long",
            fix="choose --from before --to, both within it",
        )
    return Stretch(from_ns, until_ns)
