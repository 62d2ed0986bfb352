"""Bad input of every kind: words and a fix, the kind's exit code, and nothing half-written."""

import os
import signal
import sys

import children
import paced
import pytest
import studies

from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    ConfigError,
    ConsentError,
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
FORM = ["--form", "v1", "--scope", "color"]
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes or signals")


def tree(folder):
    """Return every file below `folder` with its content; locks come and go."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.name.startswith(".lock")
    }


@pytest.fixture
def refused(cli):
    """Run a command line that must be refused with `kind`, and must change nothing."""

    def call(kind, inside, *arguments):
        before = tree(inside.folder)
        done = cli(inside, *arguments)
        assert_told(done.code, done.err, kind)
        assert tree(inside.folder) == before
        return done.err

    return call


def assert_install_line(err):
    (fix,) = [line for line in err.splitlines() if line.startswith("  fix  ")]
    assert "pip install " in fix
    assert "[capture]" in fix


def assert_told(code, err, kind):
    assert code == kind.exit_code, err
    lines = err.splitlines()
    assert [line for line in lines if line.startswith("error  ")], err
    assert [line for line in lines if line.startswith("  fix  ")], err
    assert "Traceback" not in err


# Names


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../s01", "/tmp", "a/b", "s01.", "nul", "é", "\x1b[31m"]
)
@pytest.mark.parametrize("verb", ["show", "verify", "recover"])
def test_a_session_name_that_is_none_or_climbs_out_is_refused(study, refused, verb, name):
    err = refused(InputError, study, "session", verb, name)
    assert "\x1b" not in err


@pytest.mark.parametrize("name", ["", "..", "../P02", "a/b", "COM1", "P02.", "a" * 65])
@pytest.mark.parametrize(
    "verb", [["add"], ["show"], ["consent", *FORM], ["withdraw"]], ids=lambda verb: verb[0]
)
def test_a_participant_name_that_is_none_or_climbs_out_is_refused(study, refused, verb, name):
    refused(InputError, study, "participant", verb[0], name, *verb[1:])


def test_a_name_that_exists_is_refused(study, refused):
    assert "P01" in refused(AlreadyThereError, study, "participant", "add", "P01")
    assert "P01" in refused(AlreadyThereError, study, "participant", "add", "p01", *FORM)
    refused(AlreadyThereError, study, "init")
    refused(AlreadyThereError, study, "init", ".", "--name", "another")


def test_a_name_that_is_not_there_is_told_with_those_that_are(recorded, refused):
    assert "there are: s01" in refused(NotFoundError, recorded.study, "session", "show", "s02")
    assert "there are: P01" in refused(NotFoundError, recorded.study, "participant", "show", "P02")
    refused(NotFoundError, recorded.study, "participant", "withdraw", "P02")
    refused(NotFoundError, recorded.study, "session", "recover", "s02")


# What is typed


@pytest.mark.parametrize(
    "arguments",
    [
        ["participant", "add", "P02", "--age", "0"],
        ["participant", "add", "P02", "--age", "999"],
        ["participant", "add", "P02", "--age", "young"],
        ["participant", "add", "P02", "--form", "v1"],
        ["participant", "add", "P02", "--scope", "color"],
        ["participant", "add", "P02", "--form", "", "--scope", "color"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "colr"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "color,,depth"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "color=everybody"],
        ["participant", "add", "P02", "--pictures"],
        ["participant", "add", "P02", *FORM, "--audience", "world"],
        ["participant", "add", "P02", *FORM, "--signed", "yesterday"],
        ["participant", "add", "P02", *FORM, "--signed", "2026-02-30"],
        ["participant", "add", "P02", *FORM, "--signed", "2999-01-01"],
        ["participant", "add", "P02", "--gender", "\udcff"],
        ["participant", "add"],
        ["participant", "consent", "P01"],
        ["participant", "withdraw", "P01", "--on", "2026-03-30"],
        ["participant", "withdraw", "P01", "--on", "2999-01-01"],
        ["participant", "dance"],
        ["session", "show"],
        ["session", "show", "s01", "s02"],
        ["session", "--loudly", "ls"],
        ["no-such-command"],
        ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_is_refused(study, refused, arguments):
    refused(InputError, study, *arguments)


def test_all_that_is_not_understood_in_a_scope_is_told_at_once(study, refused):
    err = refused(
        InputError,
        study,
        "participant",
        "add",
        "P02",
        "--form",
        "v1",
        "--scope",
        "colr,smell=lab,sound",
    )
    assert "colr, smell=lab" in err


def test_who_signed_nothing_cannot_withdraw(study, cli, refused):
    cli(study, "participant", "add", "P02")
    refused(ConsentError, study, "participant", "withdraw", "P02")


# study.toml


def test_without_a_study_the_way_to_make_one_is_told(tmp_path, refused):
    class Nowhere:
        folder = tmp_path

    for command in (
        ["status"],
        ["session", "ls"],
        ["session", "show", "s01"],
        ["participant", "ls"],
    ):
        assert "taver init" in refused(NotFoundError, Nowhere, *command)


def test_every_unknown_key_of_a_study_is_listed_with_line_and_remedy(study, refused):
    (study.folder / "study.toml").write_text(
        "[study]\nname = 'x'\n[sesions]\nfolder = 'a'\n[dataset]\nstor = 'b'\nsize = 3\n"
    )
    err = refused(ConfigError, study, "session", "ls")
    assert "       - sesions, line 3: did you mean 'sessions'?\n" in err
    assert "       - dataset.stor, line 6: did you mean 'store'?\n" in err
    assert "       - dataset.size, line 7: known here: store\n" in err


@pytest.mark.parametrize(
    "text", [b"", b"[study", b"[study]\nname = 3", b"\xff\xfe", b"a = " + b"[" * 99_999]
)
def test_a_study_file_that_is_none_is_told(study, refused, text):
    (study.folder / "study.toml").write_bytes(text)
    assert "study.toml" in refused(ConfigError, study, "status")


def test_a_study_on_a_disk_that_is_not_there_is_told(study, refused):
    text = (study.folder / "study.toml").read_text(encoding="utf-8")
    away = (study.folder / "away" / "people").as_posix()
    (study.folder / "study.toml").write_text(text.replace('"participants"', f'"{away}"'))
    assert "mounted" in refused(StorageError, study, "participant", "add", "P02")


# session.json


@pytest.mark.parametrize(
    "damaged",
    [
        lambda data: data[: len(data) // 2],
        lambda _: b"",
        lambda data: data.replace(b'"taver-session"', b'"another-tool"'),
        lambda data: data.replace(b'"version": 1', b'"version": 9'),
        lambda data: data.replace(b'"complete"', b'"perfect"'),
        lambda data: data.replace(b"s01", b"s\xe501", 1),
        lambda data: data.replace(b'"simulated": true', b'"simulated": true, "real": false', 1),
        lambda _: b"[" * 99_999,
        lambda data: b"\x00" * len(data),
    ],
    ids=["half", "empty", "foreign", "newer", "a word", "a bit", "a key", "deep", "zeros"],
)
def test_a_session_whose_document_is_damaged_is_told_and_hides_no_other(
    recorded, cli, refused, damaged
):
    studies.record_pattern(recorded.study, "s02")
    path = recorded.session.folder / "session.json"
    path.write_bytes(damaged(path.read_bytes()))
    for verb in ("show", "verify", "recover"):
        assert "session.json" in refused(DataError, recorded.study, "session", verb, "s01")
    for listing in (["session", "ls"], ["status"]):
        listed = cli(recorded.study, *listing)
        assert listed.code == 0
        assert [line.split()[0] for line in listed.out.splitlines()[2:]] == ["s01", "s02"]
        assert "unreadable: " in listed.out


def test_a_session_without_its_document_is_told(recorded, cli, refused):
    (recorded.session.folder / "session.json").unlink()
    assert "session.json" in refused(NotFoundError, recorded.study, "session", "show", "s01")
    assert "unreadable: " in cli(recorded.study, "session", "ls").out


@pytest.mark.parametrize(
    "file", ["../../P01.json", "/etc/passwd", "", ".", "a\\\\b", "C:x", "a\\u0000"]
)
def test_a_document_cannot_lead_out_of_its_session(recorded, refused, file):
    path = recorded.session.folder / "session.json"
    path.write_text(path.read_text().replace('"color.mcap"', f'"{file}"'))
    for verb in ("verify", "recover"):
        refused(DataError, recorded.study, "session", verb, "s01")


@pytest.mark.parametrize("foreign", [b"", b"nonsense" * 99, b"\x89MCAP0\r\n", b"\x89MCAP0\r\n" * 9])
def test_a_stream_that_is_no_recording_is_told(recorded, cli, foreign):
    (recorded.session.folder / "depth.mcap").write_bytes(foreign)
    done = cli(recorded.study, "session", "verify", "s01")
    assert_told(done.code, done.err, DataError)
    assert "depth" in done.err


# Permission


@posix_only
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="root cannot be bound elsewhere")
@pytest.mark.parametrize(
    ("closed", "mode", "arguments"),
    [
        (".", 0o500, ["init", "inner"]),
        ("participants", 0o500, ["participant", "add", "P02"]),
        ("participants", 0o500, ["participant", "consent", "P01", *FORM]),
        ("participants", 0o000, ["participant", "ls"]),
        ("participants", 0o300, ["participant", "ls"]),
        ("participants", 0o000, ["participant", "show", "P01"]),
        ("participants/P01.json", 0o000, ["participant", "show", "P01"]),
        ("study.toml", 0o000, ["status"]),
        ("sessions", 0o000, ["session", "ls"]),
        ("sessions", 0o000, ["session", "show", "s01"]),
        ("sessions/s01", 0o000, ["session", "show", "s01"]),
        ("sessions/s01", 0o500, ["session", "recover", "s01"]),
        ("sessions/s01/session.json", 0o000, ["session", "show", "s01"]),
        ("sessions/s01/depth.mcap", 0o000, ["session", "verify", "s01"]),
    ],
    ids=lambda value: (
        f"{value:o}"
        if isinstance(value, int)
        else value
        if isinstance(value, str)
        else " ".join(value)
    ),
)
def test_no_permission_is_told_and_changes_nothing(recorded, closed, mode, arguments):
    folder = recorded.study.folder
    (recorded.session.folder / ".lock").unlink()  # as in a copy from a backup
    before = tree(folder)
    path = folder / closed
    usual = path.stat().st_mode
    path.chmod(mode)
    try:
        done = children.taver(*arguments, cwd=folder, before=children.WITHOUT_PRIVILEGES)
    finally:
        path.chmod(usual)
    assert_told(done.returncode, done.stderr, StorageError)
    assert "permission" in done.stderr.lower()
    assert tree(folder) == before


@posix_only
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="root cannot be bound elsewhere")
def test_a_session_that_may_not_be_read_hides_no_other(recorded):
    studies.record_pattern(recorded.study, "s02")
    recorded.session.folder.chmod(0o000)
    try:
        for listing in (["session", "ls"], ["status"]):
            listed = children.taver(
                *listing, cwd=recorded.study.folder, before=children.WITHOUT_PRIVILEGES
            )
            assert listed.returncode == 0, listed.stderr
            assert [line.split()[0] for line in listed.stdout.splitlines()[2:]] == ["s01", "s02"]
            assert "unreadable: No permission" in listed.stdout
    finally:
        recorded.session.folder.chmod(0o700)


@posix_only
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="root cannot be bound elsewhere")
def test_a_demo_where_nothing_may_be_written_makes_nothing(tmp_path):
    tmp_path.chmod(0o500)
    try:
        done = children.taver("demo", cwd=tmp_path, before=children.WITHOUT_PRIVILEGES)
    finally:
        tmp_path.chmod(0o700)
    assert_told(done.returncode, done.stderr, StorageError)
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_a_folder_that_was_deleted_under_ones_feet_is_told(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    leave = f"import os; os.rmdir({str(gone)!r})\n"
    done = children.taver("session", "ls", cwd=gone, before=leave)
    assert_told(done.returncode, done.stderr, StorageError)


@posix_only
def test_a_folder_whose_name_is_no_text_is_told_and_can_be_used(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    done = children.taver("init", cwd=folder)
    assert_told(done.returncode, done.stderr, InputError)
    assert "--name" in done.stderr
    assert list(folder.iterdir()) == []
    done = children.taver("init", "--name", "café", cwd=folder)
    assert done.returncode == 0, done.stderr
    for command in (["status"], ["session", "ls"], ["session", "show", "s01"]):
        assert "Traceback" not in children.taver(*command, cwd=folder).stderr


@posix_only
def test_a_terminal_that_knows_ascii_only_gets_every_answer(study):
    plain = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
    }
    done = children.taver("participant", "add", "P02", "--gender", "여", cwd=study.folder, **plain)
    assert done.returncode in {0, InputError.exit_code}, done.stderr
    for command in (["status"], ["participant", "ls"], ["participant", "show", "P01"]):
        done = children.taver(*command, cwd=study.folder, **plain)
        assert done.returncode == 0, done.stderr


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
        child.communicate(timeout=20)
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
        child.wait(20)
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


def test_a_person_whose_document_is_damaged_hides_no_other(cli, study):
    (study.folder / "participants" / "P02.json").write_text("{ half a docum")
    listed = cli(study, "participant", "ls")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[2:]] == ["P01", "P02"]
    assert "unreadable" in listed.out
