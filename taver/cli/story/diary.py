"""demo.json: what each step of the demo told, and how long it took when it was done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from taver.core.document import Document, Part

if TYPE_CHECKING:
    from pathlib import Path

FILE = "demo.json"


class Step(Part, frozen=True, kw_only=True):
    """One step, as it was done."""

    name: str
    told: str
    seconds: float
    cpu_s: float | None = None  # of all its processes together; unknown on Windows


class Diary(Document, frozen=True, kw_only=True):
    """All steps that were done so far, by this run of the demo or an earlier one."""

    FORMAT: ClassVar[str] = "taver-demo"
    VERSION: ClassVar[int] = 1

    steps: tuple[Step, ...] = ()
    people: int | None = None  # how many it was begun with

    @classmethod
    def of(cls, folder: Path) -> Diary:
        """Read what earlier runs noted."""
        path = folder / FILE
        return cls.read(path) if path.is_file() else cls()

    def noted(self, folder: Path, step: Step, *, fresh: bool) -> Diary:
        """Note a step; of one that an earlier run had done its time stays."""
        known = {one.name: one for one in self.steps}
        if fresh or step.name not in known:
            known[step.name] = step
        diary = Diary(steps=tuple(known.values()), people=self.people)
        diary.write(folder / FILE)
        return diary


def cpu_s() -> float | None:
    """Return the processor time of this process and of all it started that are over."""
    if os.name == "nt":
        return None  # it does not count what others used
    return sum(os.times()[:4])
