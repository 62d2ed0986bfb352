"""Keys: made once, private, and refused when anything is wrong with them."""

import json
import os

import pytest
import telling

from capture.keys import files as keys
from capture.keys.pair import KeyPair
from taver.core.errors import (
    AlreadyThereError,
    DataError,
    InputError,
    NotFoundError,
    StorageError,
)


def test_an_agent_and_its_master_know_each_other(tmp_path):
    carried = keys.read_agent(keys.make(tmp_path / "keys", "thermal"))
    master = keys.read_master(tmp_path / "keys")
    assert carried.name == "thermal"
    assert carried.master_public == master.pair.public
    assert keys.read_public(tmp_path / "keys", "thermal").public == carried.pair.public
    assert carried.pair.secret not in (tmp_path / "keys" / "thermal.pub").read_text()


def test_the_second_agent_gets_a_key_of_its_own_from_the_same_master(tmp_path):
    first, second = (keys.read_agent(keys.make(tmp_path, name)) for name in ("one", "two"))
    assert first.master_public == second.master_public
    assert first.pair != second.pair


@telling.posix_only
def test_keys_are_for_their_owner_alone(tmp_path):
    os.umask(0o022)
    keys.make(tmp_path / "keys", "one")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    for name in ("master.key", "one.key", "one.pub"):
        assert (tmp_path / "keys" / name).stat().st_mode & 0o777 == 0o600


@telling.posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused_with_the_line_that_mends_it(tmp_path, mode):
    path = keys.make(tmp_path, "one")
    path.chmod(mode)
    with pytest.raises(StorageError) as caught:
        keys.read_agent(path)
    assert f"chmod 600 {path}" in caught.value.fix


@pytest.mark.parametrize("name", ["one", "ONE"])
def test_no_key_is_ever_overwritten(tmp_path, name):
    keys.make(tmp_path, "one")
    before = telling.tree(tmp_path)
    with pytest.raises(AlreadyThereError):
        keys.make(tmp_path, name)
    assert telling.tree(tmp_path) == before


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "master", "MASTER", "con"])
def test_a_name_that_cannot_be_is_refused(tmp_path, name):
    with pytest.raises(InputError):
        keys.make(tmp_path, name)
    assert telling.tree(tmp_path) == {}


def test_keys_that_are_missing_name_the_line_that_makes_them(tmp_path):
    for read in (
        lambda: keys.read_master(tmp_path),
        lambda: keys.read_public(tmp_path, "one"),
        lambda: keys.read_agent(tmp_path / "one.key"),
    ):
        with pytest.raises(NotFoundError) as caught:
            read()
        assert "taver agent keygen" in caught.value.fix


def test_halves_that_do_not_belong_together_are_refused(tmp_path):
    path = keys.make(tmp_path, "one")
    tree = json.loads(path.read_text())
    tree["pair"]["public"] = KeyPair.fresh().public
    path.write_text(json.dumps(tree))
    with pytest.raises(DataError, match="belong together"):
        keys.read_agent(path)


@pytest.mark.parametrize("secret", ["", "x" * 39, "x" * 41, " " * 40, "é" * 40])
def test_what_is_no_key_is_refused(tmp_path, secret):
    path = keys.make(tmp_path, "one")
    tree = json.loads(path.read_text())
    tree["pair"]["secret"] = secret
    path.write_text(json.dumps(tree))
    with pytest.raises(DataError):
        keys.read_agent(path)


def test_a_secret_is_in_no_message():
    pair = KeyPair.fresh()
    assert pair.secret not in repr(pair)
