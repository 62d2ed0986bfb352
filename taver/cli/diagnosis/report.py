"""All findings together, whether they are good enough, and their form for machines."""

from __future__ import annotations

import msgspec

from taver import __version__
from taver.cli.diagnosis.finding import Finding, Section, State


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor found, and which extras had to be complete."""

    findings: tuple[Finding, ...]
    needs: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that will break something."""
        return tuple(f for f in self.findings if f.state is State.WRONG)

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The needed extras that are not complete."""
        return tuple(
            f
            for f in self.findings
            if f.section is Section.EXTRAS
            and f.name in self.needs
            and f.state in (State.MISSING, State.WRONG)
        )

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong and every needed extra is complete."""
        return not self.wrong and not self.unmet

    def to_json(self) -> str:
        """Write it as one JSON object; its keys do not change."""
        tree = {"taver": __version__, "ok": self.ok, "findings": self.findings}
        return msgspec.json.format(msgspec.json.encode(tree)).decode()
