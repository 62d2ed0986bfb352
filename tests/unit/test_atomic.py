"""A file is either the old one or the new one, whatever happens in between."""

import os

import children
import pytest

from taver.core import atomic
from taver.core.errors import StorageError

# Writes files of one letter each, as fast as it can, and never ends by itself.
_WRITER = """
import itertools, sys
from pathlib import Path
from taver.core import atomic
path = Path(sys.argv[1])
for letter in itertools.cycle("abcdefghij"):
    atomic.write_bytes(path, letter.encode() * 200_000)
    print(letter, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "rig.json"
    atomic.write_bytes(path, b"old")
    return path


def names_in(folder):
    return sorted(found.name for found in folder.iterdir())


def write_half(path, then):
    with atomic.replacing(path) as beside:
        beside.write_bytes(b"half of the ne")
        raise then


def test_a_file_is_replaced_and_nothing_is_left_beside_it(path):
    atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names_in(path.parent) == ["rig.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_only_the_owner_may_read_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        atomic.write_bytes(tmp_path / "rig.json", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "rig.json").stat().st_mode & 0o777 == 0o600


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(path):
    with pytest.raises(ZeroDivisionError):
        write_half(path, ZeroDivisionError)
    assert path.read_bytes() == b"old"
    assert names_in(path.parent) == ["rig.json"]


def test_ctrl_c_in_the_middle_leaves_the_old_file_and_nothing_else(path):
    with pytest.raises(KeyboardInterrupt):
        write_half(path, KeyboardInterrupt)
    assert path.read_bytes() == b"old"
    assert names_in(path.parent) == ["rig.json"]


def test_what_is_put_beside_it_takes_its_place(path):
    with atomic.replacing(path) as beside:
        assert beside.parent == path.parent
        beside.write_bytes(b"new")
    assert path.read_bytes() == b"new"


def test_a_folder_in_its_place_is_not_touched(tmp_path):
    folder = tmp_path / "rig.json"
    folder.mkdir()
    with pytest.raises(StorageError):
        atomic.write_bytes(folder, b"new")
    assert names_in(tmp_path) == ["rig.json"]


@pytest.mark.parametrize("parent", ["gone", "a-file", "n" * 300])
def test_where_there_is_no_folder_the_error_names_the_file_that_was_asked_for(tmp_path, parent):
    (tmp_path / "a-file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"rig\.json") as caught:
        atomic.write_bytes(tmp_path / parent / "rig.json", b"new")
    assert ".tmp" not in caught.value.what


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(path):
    for wait_for in range(5):
        with children.started(_WRITER, path, cwd=path.parent) as writer:
            for _ in range(wait_for + 1):
                writer.stdout.readline()
            writer.kill()
            writer.wait()
        data = path.read_bytes()
        assert len(data) == 200_000
        assert set(data) < set(b"abcdefghij")
        assert len(set(data)) == 1


def test_what_a_killed_writer_left_is_listed_and_nothing_else(path):
    with children.started(
        "import sys; from pathlib import Path; from taver.core import atomic\n"
        "with atomic.replacing(Path(sys.argv[1])) as beside:\n"
        "    beside.write_bytes(b'half'); print('there', flush=True); sys.stdin.read()",
        path,
        cwd=path.parent,
    ) as writer:
        writer.stdout.readline()
        writer.kill()
        writer.wait()
    (path.parent / "notes.tmp").write_bytes(b"a person's own")
    (left,) = atomic.leftovers(path.parent)
    assert left.read_bytes() == b"half"
    assert path.read_bytes() == b"old"
