"""Which part of a session is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.core.session.manifest import Manifest


class Span(NamedTuple):
    """From one moment to another, both included."""

    from_unix_ns: int
    until_unix_ns: int

    def holds(self, unix_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell which of these moments are in it."""
        return (unix_ns >= self.from_unix_ns) & (unix_ns <= self.until_unix_ns)


def span_of(manifest: Manifest, from_s: float | None, until_s: float | None) -> Span:
    """Return the part between these seconds of the session; all of it where none are given."""
    firsts = [s.first_unix_ns for s in manifest.streams.values() if s.first_unix_ns is not None]
    lasts = [s.last_unix_ns for s in manifest.streams.values() if s.last_unix_ns is not None]
    if not firsts or not lasts:
        raise InputError(f"Session {manifest.name} has no frames", fix="choose another session")
    begin, end = min(firsts), max(lasts)
    first = begin if from_s is None else begin + round(from_s * NS_PER_S)
    last = end if until_s is None else begin + round(until_s * NS_PER_S)
    if last < first or first > end or last < begin:
        length_s = (end - begin) / NS_PER_S
        raise InputError(
            f"From {from_s or 0:g} to {length_s if until_s is None else until_s:g} s "
            f"there is nothing of session {manifest.name}",
            fix=f"give seconds between 0 and {length_s:.1f}, the first before the second",
        )
    return Span(first, last)
