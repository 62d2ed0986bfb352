"""A session that cannot be used is left out and told of, unless it has to be there."""

from __future__ import annotations

import datetime as dt

import built
import pytest
import studies
import telling
from refusing import make

from taver.core.consent import Audience, Scope
from taver.core.errors import ConsentError, DataError, NotFoundError
from taver.core.frames import Modality
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import find
from taver.core.session.footage import Footage


def test_nobody_is_shared_who_did_not_agree(study):
    study.participants.sign("P01", studies.form(audience=Audience.LAB))
    with pytest.raises(ConsentError, match="public"):
        make(study, audience=Audience.PUBLIC, names=["s01"])
    with pytest.raises(NotFoundError, match="no session") as told:
        make(study, audience=Audience.PUBLIC)
    assert "s01" in told.value.problems[0]


def test_who_did_not_agree_to_landmarks_does_not_keep_others_from_a_dataset(study):
    built.twin(study, "s01", "s02", "P02")
    without = tuple(scope for scope in Scope if scope is not Scope.LANDMARKS)
    study.participants.sign("P02", studies.form(scopes=without))
    made = make(study)
    assert made.recordings == 1
    assert any("s02: left out" in note and "landmarks" in note for note in made.notes)
    with pytest.raises(ConsentError, match="landmarks"):
        make(study, names=["s02"])


def test_labels_of_one_session_that_cannot_be_used_keep_no_other_one_from_a_dataset(study):
    built.twin(study, "s01", "s02", "P02")
    labels = find(study, "s02").folder / "labels.zarr"
    root, clip = labels / "zarr.json", labels / "interview"
    times = built.color_ns(study)
    for spoil, told in (
        (lambda: (clip / "zarr.json").write_text("{"), "cannot be read"),
        (lambda: next(clip.glob("valence/c/*/*")).write_bytes(b"no"), "cannot be read"),
        (lambda: root.write_text(root.read_text().replace('"version": 1', '"version": 0')),
         "version"),
        (lambda: built.label(study, "s02", clips={"a": times + 800_000_000}), "after the video"),
    ):  # fmt: skip
        built.label(study, "s02")
        spoil()
        made = make(study)
        assert made.recordings == 1
        (said,) = [note for note in made.notes if note.startswith("s02: left out")]
        assert told in said
        assert "taver labels" in said
    with pytest.raises(DataError):
        make(study, names=["s01", "s02"])


def test_what_is_in_the_dataset_already_is_not_left_out_unseen(study):
    built.twin(study, "s01", "s02", "P02")
    built.label(study, "s02")
    manifest = find(study, "s02").folder / "session.json"
    told_by = manifest.read_bytes()
    manifest.write_text("{")  # it is new, and keeps no other one from a dataset
    assert make(study).people == 1
    manifest.write_bytes(told_by)
    assert make(study).people == 2
    before = telling.tree(study.folder)
    labels = find(study, "s02").folder / "labels.zarr" / "zarr.json"
    whole = labels.read_bytes()
    labels.write_text("{")
    with pytest.raises(DataError, match="cannot be read") as told:
        make(study)
    assert "--session" in told.value.fix
    labels.write_bytes(whole)
    manifest.write_text("{")
    with pytest.raises(DataError, match=r"session\.json"):
        make(study)
    manifest.write_bytes(told_by)
    assert telling.tree(study.folder) == before
    labels.write_text("{")
    made = make(study, names=["s01"])
    assert "s02-interview: no longer in it" in made.notes
    assert made.people == 1
    labels.write_bytes(whole)
    assert make(study).people == 2
    study.participants.withdraw("P02", dt.date(2026, 4, 1))
    assert make(study).people == 1


def test_a_session_whose_faces_cannot_be_found_is_left_out_unless_it_was_asked_for(study):
    built.twin(study, "s01", "s02", "P02")
    (file,) = find(study, "s02").stream_files(Modality.COLOR)
    with Footage(find(study, "s02"), Modality.COLOR) as color:
        header = color.header
    file.unlink()
    with StreamWriter(file, header) as writer:
        writer.finish()
    made = make(study)
    assert made.recordings == 1
    assert any("s02: left out" in note and "no frames" in note for note in made.notes)
    with pytest.raises(DataError, match="no frames"):
        make(study, names=["s01", "s02"])
