"""`taver capture` as an operator uses it: keys, signals, protocol, parts, check and report."""

import json
import os
import re
import signal
import time
import urllib.parse
import urllib.request

import children
import gige
import pytest
from agents import wait_for_frames
from telling import assert_told, posix_only
from terminals import terminal

from capture.report.document import SessionReport
from taver.core.clock import NS_PER_S
from taver.core.errors import (
    ConfigError,
    ConsentError,
    DeviceError,
    InputError,
    NotFoundError,
)
from taver.core.session.check import problems
from taver.core.session.folder import find, folders
from taver.core.session.manifest import State
from taver.core.study import FILE

RIG = """
[[capture.devices]]
driver = "pattern"
settings = { scale = 0.1, rate_hz = 20, serial = "a" }
"""
PROTOCOL = """
name = "short"

[[phases]]
name = "video"
kind = "relaxing"
seconds = 60
tell = "Leave the room."

[[phases]]
name = "report"
kind = "self-report"
seconds = 60

[[phases]]
name = "talk"
kind = "interview"
seconds = 1
"""


@pytest.fixture
def rigged(study):
    """A study whose study.toml names a test pattern as its camera."""
    path = study.folder / FILE
    path.write_text(path.read_text("utf-8") + RIG, "utf-8")
    (study.folder / "short protocol.toml").write_text(PROTOCOL, "utf-8")
    return type(study)(study.folder)


def whole(study, name):
    """Return what was recorded, after every byte of it was looked at."""
    session = find(study, name)
    assert problems(session) == []
    assert session.manifest.state is State.COMPLETE
    return session.manifest


@posix_only
def test_at_a_terminal_keys_mark_moments_go_on_and_stop(rigged):
    with terminal(
        "capture", "--session", "s01", "--protocol", "short protocol.toml", "--preview",
        cwd=rigged.folder,
    ) as operator:  # fmt: skip
        operator.wait_for("Leave the room.")
        operator.type("m")
        operator.wait_for("1 marker")
        operator.type("Mq n s")
        operator.wait_for("note: q n s")
        operator.type(" é\r")
        operator.wait_for("2 markers")
        operator.type("n")
        shown = operator.wait_for("until it is answered")
        address = re.search(r"self-report: (http://127\.0\.0\.1:\d+/\S+/)", shown)[1]
        form = {"phase": "report", "valence": 8, "arousal": 3, "dominance": 5}
        for _ in range(400):  # the page follows a moment later
            if b"ask report" in urllib.request.urlopen(address + "state.json", timeout=30).read():
                break
            time.sleep(0.1)
        data = urllib.parse.urlencode(form).encode()
        urllib.request.urlopen(address + "answer", data, timeout=30).close()
        assert operator.wait() == 0
        assert "the protocol is over" in operator.seen
    manifest = whole(rigged, "s01")
    assert [p.name for p in manifest.phases] == ["video", "report", "talk"]
    assert all(p.end_unix_ns > p.start_unix_ns for p in manifest.phases)
    assert [(m.name, m.note) for m in manifest.markers if m.source == "operator"] == [
        ("marker 1", ""),
        ("marker 2", "q n s é"),
    ]
    (report,) = manifest.reports
    assert (report.phase, report.valence, report.arousal, report.dominance) == ("report", 8, 3, 5)
    begun, ended = manifest.phases[1].start_unix_ns, manifest.phases[1].end_unix_ns
    assert begun <= report.unix_ns <= ended
    told = SessionReport.read(find(rigged, "s01").folder / "report.json")
    assert [p.name for p in told.phases] == ["video", "report", "talk"]
    assert told.grid.rate_hz == 10


@posix_only
@pytest.mark.parametrize("keys", ["q", "\x03", "\x03\x03"], ids=["q", "Ctrl-C", "Ctrl-C twice"])
def test_q_and_ctrl_c_end_a_recording_whole_however_often(rigged, keys):
    with terminal("capture", "--session", "s01", "--keep-all", cwd=rigged.folder) as operator:
        operator.wait_for("REC")
        operator.wait_for("00:01 of")
        operator.type("\x1a")  # Ctrl-Z does nothing
        for key in keys:
            operator.type(key)
            time.sleep(0.3)
        assert operator.wait() == 0
        assert "Traceback" not in operator.seen
        assert "report.html" in operator.seen
    manifest = whole(rigged, "s01")
    assert 0.9 < manifest.length_s < 30.0
    assert manifest.grid is None
    assert {s.frames for s in manifest.streams.values()} != {0}


@posix_only
def test_ctrl_c_before_anything_is_recorded_leaves_nothing_behind(rigged):
    with terminal("capture", "--session", "s01", cwd=rigged.folder) as operator:
        operator.wait_for("Getting ready")
        operator.type("\x03")
        assert operator.wait() == 130
        assert "Traceback" not in operator.seen
    assert folders(rigged) == []


@posix_only
def test_when_the_terminal_is_closed_the_recording_is_finished(rigged):
    with terminal("capture", "--session", "s01", cwd=rigged.folder) as operator:
        operator.wait_for("00:01 of")
        operator.hang_up()
        operator.process.wait(30)
    assert whole(rigged, "s01").length_s > 0.9
    assert (find(rigged, "s01").folder / "report.html").is_file()


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_without_a_terminal_a_signal_ends_it_as_cleanly(rigged, number):
    code = f"import paced; paced.hear_interrupts(); {children.TAVER}"
    with children.started(code, "capture", "--session", "s01", cwd=rigged.folder) as child:
        session = rigged.sessions_folder / "s01"
        wait_for_frames(session, "color.mcap")
        child.send_signal(number)
        out, err = child.communicate(timeout=80)
    assert child.returncode == 0, err
    assert "frames" in out
    assert "Traceback" not in err
    assert "\x1b" not in out + err
    assert whole(rigged, "s01").length_s > 0.3
    assert (session / "report.html").is_file()


def test_a_second_part_is_added_and_the_first_is_as_it_was(cli, rigged):
    assert cli(rigged, "capture", "--session", "s01", "--seconds", "0.5").code == 0
    first = {p.name: p.read_bytes() for p in find(rigged, "s01").folder.glob("*.mcap")}
    done = cli(rigged, "capture", "--session", "s01", "--seconds", "0.5")
    assert done.code != 0
    assert "--resume" in done.err
    done = cli(rigged, "capture", "--session", "s01", "--seconds", "0.5", "--resume")
    assert done.code == 0, done.err
    manifest = whole(rigged, "s01")
    assert {len(stream.pieces) for stream in manifest.streams.values()} == {2}
    for name, data in first.items():
        assert (find(rigged, "s01").folder / name).read_bytes() == data


def test_only_the_streams_that_were_named_are_recorded(cli, rigged):
    done = cli(
        rigged, "capture", "--session", "s01", "--seconds", "0.3", "--streams", "thermal, color"
    )
    assert done.code == 0, done.err
    assert set(whole(rigged, "s01").streams) == {"color", "thermal"}


def test_a_check_says_in_words_what_is_not_well_and_records_nothing(cli, study):
    path = study.folder / FILE
    camera = RIG.replace("rate_hz = 20", "rate_hz = 20, drop_every = 3")
    path.write_text(path.read_text("utf-8") + camera, "utf-8")
    done = cli(study, "capture", "--check", "--streams", "thermal")
    assert_told(done.code, done.err, DeviceError)
    lines = done.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert not [line for line in lines if "color" in line]
    (lost,) = [line for line in lines if line.startswith("NO  ")]
    assert "lost by the device" in lost
    assert lines[lines.index(lost) + 1].startswith("    fix  ")
    assert "Not ready to record: drops thermal" in done.err
    assert folders(study) == []
    assert list(study.sessions_folder.glob(".check*")) == []


@pytest.mark.parametrize(
    ("kind", "arguments", "told"),
    [
        (InputError, [], "no name"),
        (InputError, ["--session", "s01", "--streams", "colour"], "did you mean 'color'"),
        (InputError, ["--session", "s01", "--streams", ","], "No stream is named"),
        (InputError, ["--session", "s01", "--streams", "color,color"], "twice"),
        (InputError, ["--session", "s01", "--seconds", "0"], "0.0 seconds"),
        (InputError, ["--session", "s01", "--seconds", "nan"], "nan seconds"),
        (InputError, ["--session", "s01", "--nuc", "never"], "never"),
        (InputError, ["--check", "--resume"], "records nothing"),
        (
            InputError,
            ["--session", "s01", "--seconds", "5", "--protocol", "short protocol.toml"],
            "leave one of them out",
        ),
        (NotFoundError, ["--session", "s01", "--protocol", "none.toml"], "no file"),
        (ConfigError, ["--session", "s01", "--protocol", "wrong.toml"], "line 4"),
        (NotFoundError, ["--session", "s09", "--resume"], "s09"),
        (NotFoundError, ["--session", "s01", "--participant", "P77"], "P77"),
        (InputError, ["--session", "../s01"], "cannot name a session"),
        (DeviceError, ["--session", "s01", "--streams", "ir"], "ir"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_nothing_is_made(
    cli, rigged, kind, arguments, told
):
    text = "name = 'x'\n[[phases]]\nname = 'a'\nkin = 'break'\nminutes = 1\n"
    (rigged.folder / "wrong.toml").write_text(text, "utf-8")
    done = cli(rigged, "capture", *arguments)
    assert_told(done.code, done.err, kind)
    assert told in done.err
    assert folders(rigged) == []


def test_who_did_not_agree_is_not_recorded(cli, rigged):
    assert cli(rigged, "participant", "withdraw", "P01").code == 0
    done = cli(rigged, "capture", "--session", "s01", "--participant", "P01", "--seconds", "1")
    assert_told(done.code, done.err, ConsentError)
    assert folders(rigged) == []


def test_report_json_of_a_capture_says_what_the_session_says(cli, rigged):
    done = cli(rigged, "capture", "--session", "s01", "--seconds", "1", "--participant", "P01")
    assert done.code == 0, done.err
    folder = find(rigged, "s01").folder
    told = json.loads((folder / "report.json").read_text("utf-8"))
    manifest = whole(rigged, "s01")
    assert told["simulated"]
    for modality, stream in manifest.streams.items():
        assert told["streams"][modality]["frames"] == stream.frames
        assert told["streams"][modality]["dropped"] == stream.dropped
    if os.name != "nt":
        assert (folder / "report.html").stat().st_mode & 0o077 == 0


def test_a_network_cameras_shutter_is_closed_when_told_and_each_time_is_marked(cli, study):
    path = study.folder / FILE
    often = path.read_text("utf-8").replace("nuc_every_minutes = 3.0", "nuc_every_minutes = 0.02")
    path.write_text(often + "\n[[capture.devices]]\ndriver = 'a65_aravis'\n", "utf-8")
    with gige.camera():
        done = cli(study, "capture", "--session", "s01", "--seconds", "6", "--nuc", "manual")
    assert done.code == 0, done.err
    manifest = whole(study, "s01")
    asked = [m for m in manifest.markers if m.name == "shutter asked"]
    closed = [m for m in manifest.markers if m.source == "shutter"]
    # The recording may end between what was asked for last and its closing; not half of it before.
    end_ns = asked[0].unix_ns + round(manifest.length_s / 2 * NS_PER_S)
    surely = [m for m in asked if m.unix_ns < end_ns]
    assert 1 <= len(surely) <= len(closed) <= len(asked)
    assert all(a.unix_ns <= c.unix_ns for a, c in zip(asked, closed, strict=False))
    assert "minutes after the last" in asked[0].note
    assert manifest.devices[0].settings["GevSCPSPacketSize"].isdecimal()
