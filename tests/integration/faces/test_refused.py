"""What is asked of faces that cannot be, and files of theirs that are damaged, are refused."""

import shutil

import pytest
import zarr

from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.session.folder import find
from taver.faces import schema, store


def test_what_was_changed_outside_is_found_out(copy):
    folder = find(copy, "s01").folder / schema.FILE
    root = zarr.open_group(folder, mode="r+")
    state = root["state"]
    state[0] = 9
    with pytest.raises(DataError) as caught:
        store.open_faces(find(copy, "s01"))
    assert any("state has values above 3" in problem for problem in caught.value.problems)


@pytest.mark.parametrize("part", ["state/c/0", "state/zarr.json", "zarr.json"])
def test_a_damaged_file_of_it_is_found_out(copy, part):
    session = find(copy, "s01")
    (session.folder / schema.FILE / part).write_bytes(b"\x93 not what was here")
    with pytest.raises(DataError, match=r"faces\.zarr"):
        store.open_faces(session)


def test_an_array_that_is_missing_is_named(copy):
    folder = find(copy, "s01").folder / schema.FILE
    shutil.rmtree(folder / "landmarks")
    with pytest.raises(DataError) as caught:
        store.open_faces(find(copy, "s01"))
    assert "landmarks is not there" in caught.value.problems


@pytest.mark.parametrize(
    "arguments",
    [
        ("--session", "s01", "--overlay", "seen.mp4"),
        ("--session", "s01", "--overlay", "no/such/film.webm"),
    ],
)
def test_a_film_that_cannot_be_written_is_refused_first(refused, made, arguments):
    assert refused(InputError, made, "faces", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--session", "s01", "--all"),
        ("--session", "s01", "--gap", "99"),
        ("--session", "s01", "--thermal-box", "1,2,3"),
        ("--session", "s01", "--jobs", "0"),
    ],
)
def test_what_cannot_be_asked_is_refused(refused, made, arguments):
    assert refused(InputError, made, "faces", *arguments)


def test_a_model_that_is_none_is_refused(refused, made, tmp_path):
    file = tmp_path / "not a model.dat"
    file.write_bytes(b"\0" * 1000)
    assert "no shape predictor" in refused(
        DataError, made, "faces", "--session", "s01", "--shape-predictor", str(file)
    )
    gone = str(file) + "x"
    assert gone in refused(
        NotFoundError, made, "faces", "--session", "s01", "--shape-predictor", gone
    )
