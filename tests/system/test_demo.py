"""`taver demo`, as a person runs it: in any folder, twice, into somebody else's study."""

import itertools
import os
import shutil
import sys

import children
import cv2
import numpy as np
import pytest
import studies

from calibration import store
from taver.core.errors import AlreadyThereError
from taver.core.session import check
from taver.core.session.folder import find, folders
from taver.core.study import Study

pytestmark = pytest.mark.timeout(330)  # the whole of it is run once

# Six moments a row; colour, depth and heat below one another.
SHEET_SIZE_PX = (666, 1510, 3)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / studies.STRANGE_NAME


@pytest.fixture(scope="module")
def first(place):
    """The demo's first run in a folder with spaces and letters of other languages."""
    place.mkdir()
    return children.taver("demo", cwd=place, timeout_s=300)


@pytest.fixture
def demo(first, place):
    assert first.returncode == 0, first.stderr
    return Study(place / "taver-demo")


def words_in(png):
    """Return the words that stand in a PNG."""
    at, words = 8, {}
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"iTXt":
            key, text = png[at + 8 : at + 8 + size].split(b"\0\0\0\0\0", 1)
            words[key.decode()] = text.decode()
        at += 12 + size
    return words


def test_it_tells_each_step_in_plain_lines(first):
    steps = [line.split()[0] for line in first.stdout.splitlines()]
    assert steps == [
        "study", "participant", "calibrated", "recorded", "verified", "picture", "faces",
        "captured", "look",
    ]  # fmt: skip
    assert "100 color, 100 depth, 100 thermal" in first.stdout
    assert "\x1b" not in first.stdout + first.stderr
    assert "\r" not in first.stdout + first.stderr


def test_the_session_is_ten_seconds_of_three_modalities_and_whole(demo):
    session = find(demo, "s01")
    assert {m.value: s.frames for m, s in session.manifest.streams.items()} == {
        "color": 100,
        "depth": 100,
        "thermal": 100,
    }
    assert session.manifest.length_s == pytest.approx(9.9, abs=0.1)
    assert check.problems(session) == []


def test_the_live_session_is_on_the_grid_whole_and_has_its_report(demo):
    session = find(demo, "s02")
    assert check.problems(session) == []
    assert session.manifest.grid.rate_hz == 10
    for stream in session.manifest.streams.values():
        assert stream.frames + sum(stream.dropped.values()) >= 38
    page = (session.folder / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page


def test_the_face_is_followed_through_every_frame(first, demo):
    assert "100 frames, " in first.stdout
    assert "lost" not in first.stdout
    assert (demo.sessions_folder / "s01" / "faces.html").is_file()


def test_its_rig_is_near_the_simulated_one(demo):
    from capture.sim.rig import standard_rig

    truth, rig = standard_rig(), store.read(demo.rig_file)
    assert rig.simulated
    assert rig.depth_shift_mm == pytest.approx(truth.depth_shift_mm, abs=2)
    off_mm = np.subtract(
        rig.ir_to_color.translation_mm, truth.ir.from_color.inverse().translation_mm
    )
    assert np.linalg.norm(off_mm) < 2


def test_the_contact_sheet_is_a_picture_that_says_it_is_simulated(demo):
    png = (demo.folder / "contact-sheet.png").read_bytes()
    sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape == SHEET_SIZE_PX
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 500
    words = words_in(png)
    assert words["Simulated"] == "yes"
    session = find(demo, "s01")
    assert all(s.fingerprint in words["Source"] for s in session.manifest.streams.values())


def test_every_moment_on_the_contact_sheet_is_another(demo):
    sheet = cv2.imread(str(demo.folder / "contact-sheet.png"))
    if sheet is None:  # cv2 opens no such names on Windows
        png = (demo.folder / "contact-sheet.png").read_bytes()
        sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    tiles = [sheet[70:190, 10 + 250 * n : 250 + 250 * n] for n in range(6)]
    for a, b in itertools.combinations(tiles, 2):
        assert np.abs(a.astype(int) - b).mean() > 1


@pytest.mark.skipif(os.name == "nt", reason="it is tried in a POSIX shell")
def test_the_line_at_its_end_works_as_it_is_printed(first, place):
    """Copied into a shell; only where `taver` is may differ."""
    line = first.stdout.splitlines()[-1].removeprefix("look around").strip()
    taver = (
        'python=$0; taver() { "$python" -c \'from taver.cli.main import main; main()\' "$@"; }; '
    )
    done = children.shell(taver + line, sys.executable, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "s01" in done.stdout


def test_a_second_run_records_nothing_and_succeeds(demo, place):
    before = {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    done = children.taver("demo", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "recorded by an earlier run" in done.stdout
    assert before == {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    assert [folder.name for folder in folders(demo)] == ["calib01", "s01", "s02"]


def test_when_quiet_the_results_are_printed_and_nothing_else(demo, place):
    done = children.taver("demo", "-q", cwd=place)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "contact-sheet.png" in done.stdout


def test_its_study_works_with_the_other_commands(demo):
    for command in (
        ["status"],
        ["session", "ls"],
        ["session", "show", "s01"],
        ["session", "verify", "s01"],
        ["participant", "ls"],
        ["participant", "show", "P01"],
    ):
        done = children.taver(*command, cwd=demo.sessions_folder)
        assert done.returncode == 0, done.stderr


def test_somebody_elses_study_is_left_alone(tmp_path):
    study = studies.make_study(tmp_path / "mine")
    before = sorted(study.folder.rglob("*"))
    done = children.taver("demo", "--out", "mine", cwd=tmp_path)
    assert done.returncode == AlreadyThereError.exit_code
    assert "another study" in done.stderr
    assert "--out" in done.stderr
    assert sorted(study.folder.rglob("*")) == before


def test_a_demo_that_was_interrupted_says_how_to_go_on(demo, tmp_path):
    inside = tmp_path / "my demo"
    shutil.copytree(demo.folder, inside)
    session = inside / "sessions" / "s01"
    (session / "session.json").write_text(
        (session / "session.json").read_text().replace('"complete"', '"recording"')
    )
    done = children.taver("demo", "--out", "my demo", cwd=tmp_path)
    assert done.returncode != 0
    assert "interrupted" in done.stderr
    fix = done.stderr.rpartition("keep what there is with: ")[2]
    assert fix.startswith(f"cd '{inside}' && taver session recover s01")
    assert children.taver("session", "recover", "s01", cwd=inside).returncode == 0
    assert children.taver("demo", "--out", "my demo", cwd=tmp_path).returncode == 0
