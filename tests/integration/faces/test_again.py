"""Faces are found again when a run would find others, or was stopped, and else not."""

import json

import numpy as np
import pytest
import rigged

from taver.core import receipt
from taver.core.errors import DataError
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.faces import again, follow, options, pipeline, schema, store
from taver.faces.options import Options


def test_nothing_is_done_twice_until_something_changes(copy, the_kit):
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    assert receipt.progressed(copy, find(copy, "s01"), Stage.FACES).stale_because is None
    rigged.calibrated().write(copy.rig_file)  # the same bytes
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    rig = json.loads(copy.rig_file.read_text())
    copy.rig_file.write_text(json.dumps(rig | {"made": "2026-11-21"}))
    assert "rig.json" in receipt.progressed(copy, find(copy, "s01"), Stage.FACES).stale_because


class BegunError(Exception):
    """Raised where faces are looked for that are there already."""


@pytest.fixture
def never_again(monkeypatch):
    """Stop what begins."""

    def begun(*_):
        raise BegunError

    monkeypatch.setattr(pipeline, "look_through", begun)


def rewrite(study, told=lambda _: None, noted=lambda _: None):
    """Change what faces.zarr says of itself, and what its receipt does."""
    session = find(study, "s01")
    for path, change in (
        (session.folder / schema.FILE / "zarr.json", lambda tree: told(tree["attributes"])),
        (receipt.path_of(session, Stage.FACES), noted),
    ):
        tree = json.loads(path.read_text())
        change(tree)
        path.write_text(json.dumps(tree))
    return session


def of_another_model(tree):
    tree["settings"]["models"]["landmarks"] = "0" * 64


def of_ones_own(tree):
    of_another_model(tree)
    tree["models"]["landmarks"] |= {"file": "mine.dat", "own": True}


def of_other_points(tree):
    tree["settings"]["alignment"] = "eyes"


@pytest.mark.usefixtures("never_again")
def test_faces_beside_the_receipt_of_another_run_are_not_taken_for_its_own(copy, the_kit):
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    rewrite(copy, told=of_other_points)  # as left by a run that was killed before its receipt
    with pytest.raises(BegunError):
        pipeline.make(copy, "s01", Options(), the_kit)
    assert not again.current(copy, find(copy, "s01"))


@pytest.mark.usefixtures("never_again")
@pytest.mark.parametrize("gone", ["faces.csv", "faces.html"])
def test_what_was_deleted_of_it_is_made_again(copy, the_kit, gone):
    (find(copy, "s01").folder / gone).unlink()
    with pytest.raises(BegunError):
        pipeline.make(copy, "s01", Options(), the_kit)


def test_faces_are_current_until_a_run_would_find_others(copy, monkeypatch):
    assert again.current(copy, find(copy, "s01"))
    monkeypatch.setattr(options, "ENGINE", options.ENGINE + 1)
    assert not again.current(copy, find(copy, "s01"))


def test_faces_of_another_model_are_not_current_but_for_one_of_ones_own(copy):
    session = rewrite(copy, told=of_another_model, noted=of_another_model)
    assert not again.current(copy, session)
    assert again.options_of(session) == Options()
    rewrite(copy, told=of_ones_own)
    assert again.current(copy, session)


def test_faces_from_before_the_calibration_are_not_current(copy):
    def without_rig(tree):
        tree["inputs"] = {
            name: mark for name, mark in tree["inputs"].items() if "rig" not in name
        }  # fmt: skip

    session = rewrite(copy, told=without_rig, noted=without_rig)
    assert receipt.progressed(copy, session, Stage.FACES).stale_because is None
    assert not again.current(copy, session)


def test_faces_of_a_model_of_ones_own_are_never_found_again_with_another(copy):
    session = rewrite(copy, told=of_ones_own, noted=of_another_model)
    with pytest.raises(DataError, match="landmark model of your own") as caught:
        again.options_of(session)
    assert "taver faces --session s01 --shape-predictor" in caught.value.fix


def test_how_faces_were_looked_for_is_known_when_they_cannot_be_read_any_more(copy):
    session = rewrite(copy, noted=of_other_points)
    (session.folder / schema.FILE / "zarr.json").write_bytes(b"{")
    assert again.options_of(session) == Options(alignment="eyes")
    noted = receipt.path_of(session, Stage.FACES)
    tree = json.loads(noted.read_text())
    of_another_model(tree)
    noted.write_text(json.dumps(tree))
    with pytest.raises(DataError, match="of your own"):
        again.options_of(session)
    noted.unlink()
    with pytest.raises(DataError, match="cannot be read") as caught:
        again.options_of(session)
    assert "--again" in caught.value.fix


def test_a_run_that_was_stopped_goes_on_and_finds_the_same(short, the_kit, monkeypatch):
    monkeypatch.setattr(follow, "BLOCK", 5)

    class Stop:
        def __init__(self):
            self.left = 7

        def begin(self, title, total):
            pass

        def advance(self, steps=1):
            self.left -= steps
            if self.left < 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.make(short, "s01", Options(), the_kit, progress=Stop())
    folder = find(short, "s01").folder
    assert not (folder / schema.FILE).exists()
    assert len(list((folder / ".faces.partial").glob("*/*.npz"))) == 1

    done = []
    block = follow._block

    def counted(streams, tracker, first, end, progress):
        done.append(first)
        return block(streams, tracker, first, end, progress)

    monkeypatch.setattr(follow, "_block", counted)
    pipeline.make(short, "s01", Options(), the_kit)
    assert done == [5, 10]  # the first five frames were there already
    one = store.open_faces(find(short, "s01"))["landmarks"][:]
    assert not (folder / ".faces.partial").exists()
    pipeline.make(short, "s01", Options(), the_kit, again=True)
    assert np.array_equal(store.open_faces(find(short, "s01"))["landmarks"][:], one)
