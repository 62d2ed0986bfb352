"""awaited.json: recordings of a session that are still with the agents that made them.

It stands in the session's folder from before the first frame until the last file was collected, so
that neither the death of the master nor that of an agent makes anybody forget one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from taver.core.document import Document, Part
from taver.core.frames import Modality
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "awaited.json"


class AwaitedRun(Part, frozen=True, kw_only=True):
    """One recording of one agent."""

    agent: str
    address: str
    run: str
    clock: str  # its entry in clock.json
    files: dict[Modality, str]
    begun: bool = False  # whether the agent said so


class Awaited(Document, frozen=True, kw_only=True):
    """All that are still to come."""

    FORMAT: ClassVar[str] = "taver-awaited"
    VERSION: ClassVar[int] = 1

    runs: tuple[AwaitedRun, ...]

    def without(self, run: str) -> Awaited:
        """Return the others."""
        return msgspec.structs.replace(self, runs=tuple(r for r in self.runs if r.run != run))


def read(folder: Path) -> Awaited:
    """Return what a session still waits for."""
    path = folder / FILE
    return Awaited.read(path) if path.is_file() else Awaited(runs=())


def save(folder: Path, awaited: Awaited) -> None:
    """Put it there, or take it away when nothing is awaited any more."""
    path = folder / FILE
    if awaited.runs:
        awaited.write(path)
        return
    with explained(path):
        path.unlink(missing_ok=True)
