"""Each warning once when it is true for a while, and once more when all is well again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from capture.desk.health.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterable

RAISED_AFTER_S: Final = 2.0
CLEARED_AFTER_S: Final = 3.0


class _Slot(msgspec.Struct):
    raised: Finding | None = None
    since_s: float | None = None  # since when it is the other way


class Latch:
    """Holds the warnings that are in force."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}

    @property
    def raised(self) -> tuple[Finding, ...]:
        """Return the warnings in force, as they are worded now."""
        return tuple(s.raised for s in self._slots.values() if s.raised is not None)

    def hear(self, findings: Iterable[Finding], now_s: float) -> list[Finding]:
        """Take what was found now; return what is to be told: new warnings, and those cleared.

        What nothing was found about stays as it was.
        """
        changed = []
        for finding in findings:
            slot = self._slots.setdefault(finding.about, _Slot())
            if slot.raised is not None and finding.level is Level.BAD:
                slot.raised = finding  # its figures go on
            turning = Level.BAD if slot.raised is None else Level.GOOD
            if finding.level is not turning:
                slot.since_s = None
                continue
            slot.since_s = now_s if slot.since_s is None else slot.since_s
            patience_s = RAISED_AFTER_S if turning is Level.BAD else CLEARED_AFTER_S
            if now_s - slot.since_s >= patience_s:
                slot.raised = finding if turning is Level.BAD else None
                slot.since_s = None
                changed.append(finding)
        return changed
