"""Which camera drivers are installed, and what each lacks here."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from taver.cli.diagnosis.ask import REPORT, Answer, Names
from taver.cli.diagnosis.finding import Finding, Section, State

PATIENCE_S = 30

# Drivers import numpy, and what looks for a camera's library may hang or crash, so they are asked
# in another process; it gets the same import path as this one.
_PROGRAM = """\
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from taver.cli.diagnosis.ask import ask
ask(sys.argv[2:])
"""


def findings(patience_s: float = PATIENCE_S) -> list[Finding]:
    """Ask every driver; one that takes its process down is named, and the others asked again."""
    found: list[Finding] = []
    while True:
        names, answers, broke = _ask([finding.name for finding in found], patience_s)
        found += [_finding(answer) for answer in answers]
        unanswered = names[len(answers) :]
        if not unanswered:
            break
        found.append(
            _result(unanswered[0], State.WRONG, f"{broke} when asked what it lacks", REPORT)
        )
    if broke:
        found.append(_result("(all)", State.WRONG, f"the process that asks drivers {broke}"))
    return sorted(found, key=lambda finding: finding.name)


def _ask(passed_over: list[str], patience_s: float) -> tuple[tuple[str, ...], list[Answer], str]:
    """Return the names, the answers given, and how the process broke off, if it did."""
    path = msgspec.json.encode(sys.path).decode()
    command = [sys.executable, "-P", "-c", _PROGRAM, path, *passed_over]
    try:
        told = subprocess.run(command, capture_output=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired as error:
        said, broke = error.stdout or b"", f"did not answer within {patience_s:g} s"
    else:
        said = told.stdout
        last = (told.stderr.decode(errors="replace").strip().splitlines() or ["without a word"])[-1]
        broke = f"ended with code {told.returncode}: {last}" if told.returncode else ""
    first, *rest = said.splitlines() or [b'{"names": []}']
    names = msgspec.json.decode(first, type=Names).names
    return names, [msgspec.json.decode(line, type=Answer) for line in rest], broke


def _finding(answer: Answer) -> Finding:
    state = State.WRONG if not answer.ok else State.MISSING if answer.install else State.OK
    return _result(answer.name, state, answer.detail, answer.install)


def _result(name: str, state: State, said: str, install: str = "") -> Finding:
    return Finding(section=Section.DRIVERS, name=name, state=state, detail=said, install=install)
