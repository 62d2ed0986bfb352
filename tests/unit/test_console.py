"""Results at a terminal, and without one."""

import sys

import pytest

from taver.cli.console import Console, Loudness
from taver.core.errors import DataError

LONG = "calibrated   rig.json: " + "a point lands 0.29 px off, " * 8 + "well-known"


@pytest.mark.parametrize("columns", [80, 120])
def test_a_long_result_hangs_behind_its_name_at_a_terminal(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Console().result(LONG, hang=13)
    first, *others = capsys.readouterr().out.splitlines()
    assert all(len(line) <= columns for line in (first, *others))
    assert all(line[:13].isspace() and not line[13].isspace() for line in others)
    assert " ".join(" ".join((first, *others)).split()) == " ".join(LONG.split())


def test_elsewhere_it_stays_one_line_for_grep(capsys):
    Console().result(LONG, hang=13)
    assert capsys.readouterr().out == LONG + "\n"


@pytest.mark.parametrize("loudness", [Loudness.NORMAL, Loudness.VERBOSE])
def test_of_very_many_problems_the_first_are_shown_and_the_rest_counted(loudness, capsys):
    problems = [f"file {number} is gone" for number in range(333)]
    console = Console()
    console.loudness = loudness
    console.error(DataError("it is damaged", fix="mend it", problems=problems))
    lines = capsys.readouterr().err.splitlines()
    if loudness is Loudness.VERBOSE:
        assert len(lines) == 335
    else:
        assert len(lines) == 23
        assert "313 more; --verbose" in lines[-2]
    assert "mend it" in lines[-1]
