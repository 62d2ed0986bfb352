"""`taver doctor` as a person runs it: its page, its JSON and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.cli.diagnosis.page import lines
from taver.cli.diagnosis.report import Report
from taver.cli.main import run
from taver.core.shell import in_steps

HEAVY = ("numpy", "cv2", "torch", "flask", "dlib", "anny", "pandas", "zarr", "scipy", "matplotlib")


def finding(
    state: State,
    *,
    section: Section = Section.EXTRAS,
    name: str = "faces",
    detail: str = "",
    install: str = "",
) -> Finding:
    return Finding(section=section, name=name, state=state, detail=detail, install=install)


def test_json_has_the_keys_that_programs_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["doctor", "--json"])
    tree = json.loads(capsys.readouterr().out)
    assert list(tree) == ["taver", "ok", "findings"]
    assert {tuple(f) for f in tree["findings"]} == {
        ("section", "name", "state", "detail", "more", "install")
    }
    assert {f["state"] for f in tree["findings"]} <= {"ok", "missing", "wrong", "note"}
    assert {"python", "packages", "extras", "libraries", "models", "gpus", "disk"} <= {
        f["section"] for f in tree["findings"]
    }
    assert tree["ok"] is (code == 0)


def test_our_four_packages_are_ours_here(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    states = {f["name"]: f["state"] for f in found if f["section"] == "packages"}
    assert states == dict.fromkeys(("taver", "capture", "calibration", "annotate_web"), "ok")


def test_the_page_fits_80_columns_except_for_lines_to_copy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)["findings"]
    to_copy = {piece for finding in told for piece in in_steps(finding["install"])}
    run(["doctor"])
    page = capsys.readouterr().out.splitlines()
    assert [x for x in page if len(x) > 80 and x.strip() not in to_copy] == []
    assert "Extras" in page
    assert "Disk" in page


def test_a_line_to_copy_stays_in_one_piece_under_what_it_installs() -> None:
    long = "pip install " + " ".join(f"package-{i}" for i in range(20))
    report = Report(
        findings=(finding(State.MISSING, detail="word " * 40, install=long),),
    )
    page = [click.unstyle(line) for line in lines(report, width=80)]
    place = next(i for i, line in enumerate(page) if long in line)
    assert page[1].split()[:2] == ["missing", "faces"]
    assert max(len(line) for line in page[2:place]) <= 80


@pytest.mark.parametrize(
    ("state", "needs", "ok"),
    [
        (State.OK, ("faces",), True),
        (State.NOTE, ("faces",), True),
        (State.MISSING, (), True),
        (State.MISSING, ("web",), True),
        (State.MISSING, ("faces",), False),
        (State.WRONG, (), False),
    ],
)
def test_it_is_well_if_nothing_is_wrong_and_what_is_needed_is_complete(
    state: State, needs: tuple[str, ...], ok: bool
) -> None:
    report = Report(findings=(finding(state, install="pip install it"),), needs=needs)
    assert report.ok is ok
    verdict = "\n".join(lines(report, width=80)).rpartition("\n\n")[2]
    assert ("Nothing is wrong" in verdict) is ok
    assert ok or ("faces" in verdict and "pip install it" in verdict)


def test_looking_at_everything_imports_nothing_heavy() -> None:
    program = (
        "import sys; from taver.cli.main import run; run(['doctor', '--json'])\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    path = [entry for entry in sys.path if entry]
    told = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {path!r}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stderr.strip() == "[]"
