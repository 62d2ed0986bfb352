"""Asks every installed driver which devices it finds, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import msgspec

from capture import registry
from taver.core.errors import TaverError
from taver.core.frames import DeviceInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S: Final = 20.0
_AT_ONCE: Final = 4  # processes; most of a search is waiting for answers
_REPORT: Final = "report it to whoever wrote that driver"

# A vendor's library may hang or crash when it looks for its cameras, so every driver has a process
# of its own; it gets the same import path as this one.
_PROGRAM: Final = """\
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from capture.devices import ask
ask(sys.argv[2])
"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking one driver."""

    driver: str
    devices: tuple[DeviceInfo, ...] = ()
    install: str = ""  # what it lacks here
    problem: str = ""  # why it could not be asked
    fix: str = ""


def survey(patience_s: float = PATIENCE_S, *, names: Iterable[str] | None = None) -> list[Answer]:
    """Ask all drivers or those named, several at once; what one does harms no other."""
    asked = list(registry.entries() if names is None else names)
    with ThreadPoolExecutor(_AT_ONCE) as askers:
        return list(askers.map(lambda name: _answer_of(name, patience_s), asked))


def doubles(answers: list[Answer]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return driver, serial and addresses of devices that cannot be told apart by their serial."""
    found = []
    for answer in answers:
        serials = [device.serial for device in answer.devices]
        for serial in sorted({one for one in serials if serials.count(one) > 1}):
            where = tuple(d.address or "?" for d in answer.devices if d.serial == serial)
            found.append((answer.driver, serial, where))
    return found


def ask(name: str) -> None:
    """Write what one driver answers to standard output, and end the process."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a vendor's library prints must not be taken for an answer
    os.write(answers, msgspec.json.encode(_asked(name)))
    os._exit(0)  # past whatever a vendor's library does, or breaks, on the way out


def _asked(name: str) -> Answer:
    try:
        driver = registry.load(name)
        lacks = driver.missing()
        if lacks:
            return Answer(driver=name, install=str(lacks))
        return Answer(driver=name, devices=tuple(driver.discover()))
    except TaverError as error:
        return Answer(driver=name, problem=error.what, fix=error.fix)
    except Exception as error:  # noqa: BLE001  a stranger's driver may raise anything
        return Answer(driver=name, problem=f"{type(error).__name__}: {error}", fix=_REPORT)


def _answer_of(name: str, patience_s: float) -> Answer:
    path = msgspec.json.encode(sys.path).decode()
    command = [sys.executable, "-P", "-c", _PROGRAM, path, name]
    try:
        told = subprocess.run(command, capture_output=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired:
        return Answer(
            driver=name, problem=f"it did not answer within {patience_s:g} s", fix=_REPORT
        )
    if told.returncode:
        last = (told.stderr.decode(errors="replace").strip().splitlines() or ["without a word"])[-1]
        return Answer(
            driver=name,
            problem=f"its process ended with code {told.returncode}: {last}",
            fix=_REPORT,
        )
    try:
        return msgspec.json.decode(told.stdout, type=Answer)
    except msgspec.DecodeError as error:
        return Answer(driver=name, problem=f"its answer makes no sense: {error}", fix=_REPORT)
