"""Other programs, missing packages, Ctrl-C, closed pipes: what happens around a command."""

import signal
import sys

import children
import paced
import pytest
from telling import assert_install_line, assert_told, posix_only

from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    DataError,
    InputError,
    MissingExtraError,
    NotFoundError,
    StorageError,
)
from taver.core.recording.reader import StreamReader
from taver.core.session import check
from taver.core.session.folder import find
from taver.core.session.manifest import State
from taver.core.study import Study

INTERRUPTED = 130


# Two programs


def test_a_session_that_is_being_recorded_is_busy_for_others(study, cli):
    with children.recording("s01", cwd=study.folder) as child:
        child.stdout.readline()
        done = cli(study, "session", "recover", "s01")
        assert_told(done.code, done.err, BusyError)
        assert f"process {child.pid} on " in done.err
        assert cli(study, "session", "ls").out.split()[-1] == "now"
        verified = cli(study, "session", "verify", "s01")
        assert verified.code == DataError.exit_code
        assert "recorded at this moment" in verified.err
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert cli(study, "session", "verify", "s01").code == 0


def test_a_demo_that_is_under_way_is_busy_for_another(tmp_path):
    demo = Study.create(tmp_path / "demo", "taver demo")
    hold = (
        "import sys; from pathlib import Path; from taver.core import lock\n"
        "with lock.held(Path(sys.argv[1]), 'it'): print('held', flush=True); sys.stdin.readline()"
    )
    with children.started(hold, demo.folder, cwd=tmp_path) as child:
        child.stdout.readline()
        done = children.taver("demo", "--out", "demo", cwd=tmp_path)
        assert_told(done.returncode, done.stderr, BusyError)
        assert f"process {child.pid} " in done.stderr


# A missing extra


@pytest.mark.parametrize("package", ["cv2", "numcodecs"])
def test_without_what_stores_frames_no_recording_begins(study, package):
    before = children.RECORDING + children.without(package)
    done = children.taver("quick", "s01", cwd=study.folder, before=before)
    assert_told(done.returncode, done.stderr, MissingExtraError)
    assert_install_line(done.stderr)
    assert list(study.sessions_folder.iterdir()) == []


def test_a_command_whose_package_is_missing_names_the_extra_and_not_a_bug(study):
    done = children.taver(
        "annotate", "status", cwd=study.folder, before=children.without("sqlalchemy")
    )
    assert_told(done.returncode, done.stderr, MissingExtraError)
    assert "'sqlalchemy'" in done.stderr
    assert "[web]" in done.stderr


def test_without_what_reads_colour_the_recording_is_whole_and_no_picture_is_left(study):
    before = children.RECORDING + children.without("simplejpeg")
    done = children.taver("quick", "s01", cwd=study.folder, before=before)
    assert_told(done.returncode, done.stderr, MissingExtraError)
    assert_install_line(done.stderr)
    assert check.problems(find(study, "s01")) == []
    assert not list(study.folder.rglob("*.png*"))


# Ctrl-C and the pipe


@posix_only
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_ends_a_recording_cleanly_however_often_it_is_pressed(study, cli, times):
    with children.recording("s01", cwd=study.folder) as child:
        for _ in range(7):
            child.stdout.readline()
        for _ in range(times):
            child.send_signal(signal.SIGINT)
        stored = 7 + child.stdout.read().count("stored\n")
        err = child.stderr.read()
        child.wait(60)
    assert "Traceback" not in err
    session = find(study, "s01")
    if times == 1:
        assert child.returncode == INTERRUPTED
        assert session.manifest.state is State.COMPLETE
        # Also what the device gave after it was told to stop.
        frames = sum(stream.frames for stream in session.manifest.streams.values())
        assert frames == stored >= 7 + paced.LINGERS
    elif session.interrupted:  # nobody waited until the files were finished
        assert cli(study, "session", "recover", "s01").code == 0
    assert cli(study, "session", "verify", "s01").code == 0
    for modality in find(study, "s01").manifest.streams:
        with StreamReader(session.folder / f"{modality}.mcap") as reader:
            assert len(reader) >= 2


@posix_only
def test_whoever_reads_only_the_first_line_gets_no_complaint(recorded):
    command = '"$0" -c "from taver.cli.main import main; main()" session ls | head -n 1'
    done = children.shell(command, sys.executable, cwd=recorded.study.folder)
    assert done.stdout.startswith("session")
    assert done.stderr == ""


@posix_only
def test_a_result_that_finds_no_room_is_told(recorded):
    command = '"$0" -c "from taver.cli.main import main; main()" session ls >/dev/full'
    done = children.shell(command, sys.executable, cwd=recorded.study.folder)
    assert_told(done.returncode, done.stderr, StorageError)


# Tracebacks


def test_a_traceback_is_shown_where_it_was_asked_for_and_the_words_still_come(study, cli):
    done = cli(study, "--debug", "session", "show", "s09")
    assert done.code == NotFoundError.exit_code
    assert "Traceback" in done.err
    assert "error  There is no session 's09'" in done.err


def test_through_a_real_process_the_exit_code_and_the_words_are_the_same(recorded):
    (recorded.session.folder / "session.json").write_bytes(b"{")
    for kind, arguments in (
        (DataError, ["session", "show", "s01"]),
        (NotFoundError, ["session", "show", "s02"]),
        (InputError, ["session", "show", "../s01"]),
        (AlreadyThereError, ["participant", "add", "P01"]),
        (InputError, ["no-such-command"]),
    ):
        done = children.taver(*arguments, cwd=recorded.study.folder)
        assert_told(done.returncode, done.stderr, kind)
        assert done.stdout == ""
