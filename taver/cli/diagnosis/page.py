"""Lays the findings out for a person at a terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

import click

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core.shell import in_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.cli.diagnosis.report import Report

TITLES = {
    Section.PYTHON: "Python",
    Section.PACKAGES: "taver's own packages",
    Section.EXTRAS: "Extras",
    Section.DRIVERS: "Camera drivers",
    Section.LIBRARIES: "System libraries and programs",
    Section.MODELS: "Models",
    Section.GPUS: "GPU",
    Section.DISK: "Disk",
}
COLOURS = {State.OK: "green", State.MISSING: "yellow", State.WRONG: "red", State.NOTE: "cyan"}
_MARK = 11  # columns
_NAME = 16


def lines(report: Report, width: int, *, in_full: bool = False) -> Iterator[str]:
    """Yield the page's lines; only lines to be copied are longer than `width` columns."""
    for section, findings in groupby(report.findings, key=lambda finding: finding.section):
        yield click.style(TITLES[section], bold=True)
        for finding in findings:
            yield from _entry(finding, width, in_full=in_full)
        yield ""
    yield from _verdict(report, width)


def _entry(finding: Finding, width: int, *, in_full: bool) -> Iterator[str]:
    mark = click.style(f"{finding.state:<{_MARK - 2}}", fg=COLOURS[finding.state])
    margin = " " * (_MARK + _NAME)
    room = width - len(margin)
    first, *rest = _wrapped(finding.detail, room) or [""]
    yield f"  {mark}{finding.name:<{_NAME}}{first}"
    yield from (margin + line for line in rest)
    if in_full:
        yield from (margin + click.style(line, dim=True) for line in _wrapped(finding.more, room))
    yield from _to_copy(finding.install)


def _verdict(report: Report, width: int) -> Iterator[str]:
    counts = Counter(finding.state for finding in report.findings)
    if report.wrong:
        names = ", ".join(finding.name for finding in report.wrong)
        yield from _coloured(f"{len(report.wrong)} wrong: {names}", "red", width)
    if report.unmet:
        names = ", ".join(finding.name for finding in report.unmet)
        yield from _coloured(f"needed, but not complete: {names}", "red", width)
    for install in dict.fromkeys(f.install for f in (*report.wrong, *report.unmet) if f.install):
        yield from _to_copy(install)
    if report.ok:
        missing = counts[State.MISSING]
        rest = f"; {missing} missing, which matters only to those who need them" if missing else ""
        yield from _coloured(f"Nothing is wrong{rest}.", "green", width)


def _to_copy(install: str) -> Iterator[str]:
    for piece in in_steps(install) if install else ():
        yield " " * _MARK + click.style(piece, fg="bright_blue")


def _coloured(text: str, colour: str, width: int) -> Iterator[str]:
    yield from (click.style(line, fg=colour, bold=True) for line in _wrapped(text, width))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
