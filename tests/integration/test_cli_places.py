"""Places that may not be read or written, are gone, or have names that are no text."""

import os
import sys

import children
import pytest
import studies
from telling import assert_told, posix_only, tree

from taver.core.errors import (
    InputError,
    StorageError,
)

FORM = ["--form", "v1", "--scope", "color"]


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
