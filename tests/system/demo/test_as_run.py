"""`taver demo`, as a person runs it: stopped, gone on with, in any folder, from any home."""

import os
import sys

import children
import pytest

from taver.cli.main import INTERRUPTED
from taver.core.session.folder import folders

pytestmark = [
    pytest.mark.timeout(600),  # the whole of it is run once
    pytest.mark.usefixtures("home"),
]


def test_it_tells_each_step_in_plain_lines(first):
    steps = [line[:12].strip() for line in first.stdout.splitlines()]
    assert steps == [
        "study", "calibrated", "recorded", "verified", "picture", "faces", "captured", "annotated",
        "labelled", "built", "documented", "tran learnt", "uran learnt", "judged", "judged", "page",
        "look around", "", "",
    ]  # fmt: skip
    assert "4 simulated interviews of 4 s, 480 frames" in first.stdout
    assert "\x1b" not in first.stdout + first.stderr
    assert "\r" not in first.stdout + first.stderr


def test_ctrl_c_ends_it_in_a_word_and_the_next_run_goes_on_from_there(stopped, first):
    done = [line for line in stopped.out.splitlines() if not line.startswith("study")]
    assert [line[:12].strip() for line in done][-1] == "documented"
    assert "by an earlier run" not in stopped.out
    if os.name != "nt":
        assert stopped.code == INTERRUPTED
        assert stopped.err.splitlines()[-1] == "stopped"
    assert "Traceback" not in stopped.err
    lines = first.stdout.splitlines()
    earlier = [line for line in lines if line.endswith("(by an earlier run)")]
    assert [line[:12] for line in earlier] == [line[:12] for line in done]


def test_a_home_that_cannot_be_written_to_is_not_needed(first, home):
    assert list(home.iterdir()) == []
    assert "warning" not in first.stderr.lower()


@pytest.mark.skipif(os.name == "nt", reason="it is tried in a POSIX shell")
def test_the_lines_at_its_end_work_as_they_are_printed(first, place):
    """Copied into a shell; only where `taver` is may differ."""
    lines = first.stdout.partition("look around")[2]
    taver = (
        'python=$0; taver() { "$python" -c \'from taver.cli.main import main; main()\' "$@"; }; '
    )
    done = children.shell(f"{taver}\nset -e\n{lines}", sys.executable, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "s01" in done.stdout


def test_a_second_run_records_nothing_and_succeeds(demo, place):
    before = {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    runs = {p: p.stat().st_mtime_ns for p in (demo.folder / "runs").rglob("*.ckpt")}
    # Nor is there a browser here to open the page in.
    nowhere = {"PATH": "", "BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    opened = {} if os.name == "nt" else nowhere
    line = ("demo", "--quick", "-q", *(["--open"] if opened else []))
    done = children.taver(*line, cwd=place, timeout_s=400, **opened)
    assert done.returncode == 0, done.stderr
    if opened:
        warning, fix = done.stderr.splitlines()  # when quiet, nothing but what is amiss
        assert warning == "warning  No browser can be opened here"
        assert fix == f"    fix  open {demo.folder / 'demo.html'} yourself"
    assert done.stdout.count("by an earlier run") == 12
    assert runs == {p: p.stat().st_mtime_ns for p in (demo.folder / "runs").rglob("*.ckpt")}
    assert before == {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    assert [folder.name for folder in folders(demo)] == [
        "calib01",
        "live01",
        "s01",
        "s02",
        "s03",
        "s04",
    ]
