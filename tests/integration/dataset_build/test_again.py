"""A build of what was built before writes what changed since, and leaves the rest."""

from __future__ import annotations

import shutil

import annotating
import built
import making
import numpy as np
import sitting

import taver.dataset
from taver.core import receipt
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.dataset.split import SplitOptions, histograms, splits


def test_a_second_build_writes_nothing(copy):
    before = making.tree(copy.folder / "dataset.zarr")
    made = making.make(copy)
    assert made.unchanged
    assert made.chunks_written == 0
    assert making.tree(copy.folder / "dataset.zarr") == before


def test_a_changed_label_rewrites_labels_and_no_pictures(copy):
    store = copy.folder / "dataset.zarr"
    before = making.tree(store)
    stamps = {path: path.stat().st_mtime_ns for path in store.rglob("c.*") if path.is_file()}
    built.label(copy, "s01", shift=0.7)
    made = making.make(copy)
    after = making.tree(store)
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert made.labels_written == 1
    assert changed
    assert all("arousal" in key or "valence" in key or key.endswith("zarr.json") for key in changed)
    pictures = [path for path in stamps if path.parent.name == "color"]
    assert pictures
    assert all(path.stat().st_mtime_ns == stamps[path] for path in pictures)
    again = tree_of_new_build(copy, store.with_name("new.zarr"))
    assert after == again


def tree_of_new_build(study, target):
    making.make(study, target)
    return making.tree(target)


def test_two_processes_find_faces_and_write_the_same_bytes_as_one(copy):
    shutil.rmtree(copy.sessions_folder / "s02" / "faces.zarr")
    made = making.make(copy, copy.folder / "two.zarr", jobs=2)
    assert made.chunks_written > 0
    assert any("s02: its faces were found on the way" in note for note in made.notes)
    assert making.tree(copy.folder / "two.zarr") == making.tree(copy.folder / "dataset.zarr")


def test_a_new_session_is_added_and_the_others_are_not_cut_again(copy):
    making.make(copy, copy.folder / "one.zarr", names=["s01"])
    inodes = inode_of(copy.folder / "one.zarr")
    making.make(copy, copy.folder / "one.zarr")
    assert making.tree(copy.folder / "one.zarr") == making.tree(copy.folder / "dataset.zarr")
    kept = {key: node for key, node in inode_of(copy.folder / "one.zarr").items() if key in inodes}
    assert any(inodes[key] == node for key, node in kept.items() if "color/c." in key)


def inode_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.stat().st_ino
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_each_session_knows_that_it_is_built_and_when_that_is_stale(copy):
    session = find(copy, "s01")
    assert receipt.progressed(copy, session, Stage.BUILT).stale_because is None
    assert receipt.progressed(copy, session, Stage.BUILT).receipt is not None


def test_another_seed_divides_people_anew_and_that_is_said(copy):
    def who_tests():
        return taver.dataset.open(copy.folder / "dataset.zarr").splits["default"]["test"]

    (was,) = who_tests()
    seed = next(n for n in range(1, 50) if divided(copy, SplitOptions(seed=n)) != [was])
    made = making.make(copy, split=SplitOptions(seed=seed))
    assert who_tests() != [was]
    assert any("divided anew" in note for note in made.notes)
    built.label(copy, "s01", shift=0.7)
    made = making.make(copy, split=SplitOptions(seed=seed))
    assert made.labels_written == 1
    assert who_tests() != [was]
    assert not any("divided anew" in note for note in made.notes)


def divided(study, options):
    """Return who would test."""
    data = taver.dataset.open(study.folder / "dataset.zarr")
    return splits(histograms(data.recordings.values()), options)["default"]["test"]


def test_a_session_that_nobody_rated_is_kept_without_labels_or_left_out(copy):
    shutil.rmtree(find(copy, "s02").folder / "labels.zarr")
    made = making.make(copy)
    one = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s02"]
    assert np.isnan(one.column("valence")).all()
    assert one.raters == ()
    assert any("nobody rated it" in note for note in made.notes)
    assert making.make(copy, unlabelled="leave-out").recordings == 1


def test_labels_are_made_of_the_ratings_that_there_are_by_now(copy):
    shutil.rmtree(find(copy, "s01").folder / "labels.zarr")
    times = built.color_ns(copy)
    database = sitting.database_of(copy)
    (one, other) = annotating.add_people(database, "P1", "P2")
    clip = sitting.add(database, "talk", times, wanted=2)
    high, low = np.full(len(times), 4.0), np.full(len(times), -2.0)
    sitting.sit(database, clip, one, low, high)
    made = making.make(copy, names=["s01"])
    assert "s01: its labels were made on the way" in made.notes
    recording = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-talk"]
    assert np.allclose(recording.column("valence")[1:], 0.4)
    sitting.sit(database, clip, other, low, low)  # the second rater is done, too
    database.close()
    assert making.make(copy, names=["s01"]).labels_written == 1
    recording = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-talk"]
    assert np.allclose(recording.column("valence")[1:], 0.1)
    assert len(recording.raters) == 2
