"""Drivers are asked in another process, which a bad one may take down without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from taver.cli.diagnosis import drivers
from taver.cli.diagnosis.finding import Finding, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRANGERS = """
import os, time

class Good:
    Config = object

    def __init__(self, config, clock): ...

    def missing(self=None):
        print("chatter of a vendor's library")
        return None

    def discover(self=None):
        return ()

class Lacking(Good):
    @staticmethod
    def missing():
        return "apt-get install camera"

class Raising(Good):
    @staticmethod
    def missing():
        raise RuntimeError("no luck")

class Crashing(Good):
    @staticmethod
    def missing():
        os._exit(139)

class Hanging(Good):
    @staticmethod
    def missing():
        time.sleep(60)

Shapeless = None
"""


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    """Drivers of another distribution, which are registered under the names given."""
    (tmp_path / "taver_strangers.py").write_text(STRANGERS.replace("(self=None)", "(*_)"))
    info = tmp_path / "taver_strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: taver-strangers\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)

    def found(*names: str, **options: float) -> dict[str, Finding]:
        entries = "".join(f"x-{n.lower()} = taver_strangers:{n}\n" for n in names)
        (info / "entry_points.txt").write_text(f"[taver.drivers]\n{entries}")
        return {f.name: f for f in drivers.findings(**options) if f.name.startswith("x-")}

    return found


def test_every_driver_says_whether_it_can_run_and_what_it_lacks(
    strangers: Callable[..., dict[str, Finding]],
) -> None:
    found = strangers("Good", "Lacking", "Raising", "Shapeless", "Absent")
    assert {name: finding.state for name, finding in found.items()} == {
        "x-absent": State.WRONG,
        "x-good": State.OK,
        "x-lacking": State.MISSING,
        "x-raising": State.WRONG,
        "x-shapeless": State.WRONG,
    }
    assert "taver-strangers 1.0" in found["x-good"].detail
    assert found["x-lacking"].install == "apt-get install camera"
    assert "no luck" in found["x-raising"].detail


def test_a_driver_that_crashes_is_named_and_the_others_are_asked(
    strangers: Callable[..., dict[str, Finding]],
) -> None:
    found = strangers("Crashing", "Good", "Lacking")
    assert found["x-crashing"].state is State.WRONG
    assert "139" in found["x-crashing"].detail
    assert found["x-good"].state is State.OK
    assert found["x-lacking"].state is State.MISSING


def test_a_driver_that_hangs_is_named_after_a_while(
    strangers: Callable[..., dict[str, Finding]],
) -> None:
    for patience_s in (3, 10, 40):  # the good one, too, may need a while to answer
        found = strangers("Good", "Hanging", patience_s=patience_s)
        if "x-good" in found and found["x-good"].state is State.OK:
            break
    assert found["x-good"].state is State.OK
    assert f"did not answer within {patience_s} s" in found["x-hanging"].detail
