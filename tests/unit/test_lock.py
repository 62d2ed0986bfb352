"""One program at a time in a folder; a program that dies lets go."""

import contextlib
import json
import os

import children
import pytest

from taver.core import lock
from taver.core.errors import BusyError

_HOLDER = """
import sys
from pathlib import Path
from taver.core import lock
with lock.held(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another program that holds the folder."""
    with children.started(_HOLDER, tmp_path, cwd=tmp_path) as child:
        assert child.stdout.readline() == "held\n"
        yield child


@pytest.fixture
def impatient(monkeypatch):
    """Wait for nobody: whoever holds it in these tests does not let go."""
    monkeypatch.setattr(lock, "_PATIENCE_S", 0)


def test_the_second_program_is_refused_and_told_who_holds_it(tmp_path, holder, impatient):
    assert lock.is_held(tmp_path)
    with pytest.raises(BusyError) as caught, lock.held(tmp_path, "Session s01"):
        pass
    assert caught.value.what.startswith("Session s01 is in use by ")
    assert f"process {holder.pid} on " in caught.value.what
    assert lock.is_held(tmp_path)


def test_when_the_first_has_finished_the_second_may_go_on(tmp_path, holder):
    holder.communicate("go\n")
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, "it"):
        assert lock.is_held(tmp_path)


def test_a_killed_program_lets_go(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, "it"):
        pass


def test_who_comes_while_somebody_only_looks_is_not_refused(tmp_path, holder):
    holder.stdin.write("go\n")
    holder.stdin.flush()
    with lock.held(tmp_path, "it"):  # it lets go within a moment
        assert lock.is_held(tmp_path)


@pytest.mark.parametrize("told", ["", "nonsense", "[]", "{}", "3", '{"command": 1}', "\0"])
def test_where_it_is_not_known_who_holds_it_that_is_said(tmp_path, holder, impatient, told):
    (tmp_path / ".lock-holder.json").write_text(told)
    with pytest.raises(BusyError, match="in use by another program"), lock.held(tmp_path, "it"):
        pass


def test_two_in_one_program_exclude_each_other_too(tmp_path, impatient):
    with lock.held(tmp_path, "it"):
        with pytest.raises(BusyError, match=f"process {os.getpid()} "), lock.held(tmp_path, "it"):
            pass
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)


def test_a_failure_inside_lets_go_and_passes_unchanged(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path, "it"):
        raise ZeroDivisionError
    assert not lock.is_held(tmp_path)
    assert not (tmp_path / ".lock-holder.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_nobody_else_may_read_who_holds_it(tmp_path):
    with lock.held(tmp_path, "it"):
        for name in (".lock", ".lock-holder.json"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert json.loads((tmp_path / ".lock-holder.json").read_text())["process"] == os.getpid()


def test_a_folder_nobody_ever_held_is_free_and_looking_leaves_nothing(tmp_path):
    assert not lock.is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_who_helps_is_waited_for_once_the_holder_is_gone(tmp_path):
    with lock.held(tmp_path, "It"):
        helping = contextlib.ExitStack()
        helping.enter_context(lock.helped(tmp_path, "a"))
    assert lock.is_held(tmp_path)
    with pytest.raises(BusyError, match="being finished"), lock.held(tmp_path, "It"):
        pass
    helping.close()
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, "It"):
        pass


def test_a_helper_that_was_killed_is_waited_for_no_more(tmp_path):
    (tmp_path / ".lock-helper-x").touch()
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, "It"):
        assert not (tmp_path / ".lock-helper-x").exists()
