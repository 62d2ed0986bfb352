"""What no dataset can be built from, or not there: told in words, and nothing is touched."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import built
import faced
import msgspec
import numpy as np
import places
import pytest
import studies
import telling
import zarr

import taver.dataset
from calibration import store as rigs
from taver.core import lock
from taver.core.consent import Audience, Scope
from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    ConfigError,
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
    StorageError,
)
from taver.core.frames import Modality
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.session.manifest import Phase
from taver.dataset import config
from taver.dataset.about.verify import verify
from taver.dataset.build import folder
from taver.dataset.build import refused as refusing
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    study = built.study_of(tmp_path_factory.mktemp("refused"), seconds=1.6)
    built.with_faces(study, "s01")
    built.label(study)
    return study


@pytest.fixture
def study(once, tmp_path):
    return studies.copied(once, tmp_path)


def make(study, **more):
    about = {
        "audience": Audience.LAB,
        **{k: more.pop(k) for k in ("audience", "names") if k in more},
    }
    return build(
        study,
        str(study.folder / "dataset.zarr"),
        BuildConfig(**{"clips": ClipOptions(length=2), **more}),
        **about,
    )


def nothing_made(study):
    return not (study.folder / "dataset.zarr").exists()


def test_sessions_of_different_rigs_are_named_with_what_differs(study):
    built.twin(study, "s01", "s02", "P02")
    path = find(study, "s02").folder / "session.json"
    serial = find(study, "s01").manifest.streams[Modality.COLOR].pieces[0].serial
    path.write_text(path.read_text().replace(f'"{serial}"', '"another"'))
    rig = rigs.read(study.rig_file)
    rigs.write(msgspec.structs.replace(rig, serials={Modality.COLOR: serial}), study.rig_file)
    with pytest.raises(DataError, match="not of every session's cameras") as told:
        make(study)
    assert len(told.value.problems) == 1
    assert told.value.problems[0].startswith("s02: color")
    assert "--session" in told.value.fix
    assert nothing_made(study)


def test_without_a_calibration_depth_cannot_be_had_and_colour_can(study):
    study.rig_file.unlink()
    with pytest.raises(NotFoundError, match="no calibration") as told:
        make(study)
    assert "modalities" in told.value.fix
    assert make(study, modalities=(Modality.COLOR,)).recordings == 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: {"a": t + 800_000_000}, "after the video"),
        (lambda t: {"a": t - 800_000_000}, "before the video"),
        (lambda t: {"a": t[2:12] + 40_000_000}, "never recorded"),
        (lambda t: {"a": t[:10], "b": t[5:]}, "overlap by"),
    ],
)
def test_labels_of_another_video_are_refused(study, change, what):
    built.label(study, clips=change(built.color_ns(study)))
    with pytest.raises(DataError, match="do not fit") as told:
        make(study)
    assert any(what in problem and problem.startswith("s01: ") for problem in told.value.problems)
    assert nothing_made(study)


def test_labels_that_are_shorter_than_the_video_make_a_shorter_recording(study):
    built.label(study, clips={"a": built.color_ns(study)[:10]})
    assert make(study).slots == 10


def test_a_clip_with_a_rater_missing_is_refused_where_that_is_asked_for(study):
    built.label(study, raters=("a1", "a2"))
    with pytest.raises(DataError) as told:
        make(study, raters=3)
    assert "rated by 2 (a1, a2)" in told.value.problems[0]
    assert make(study).recordings == 1


def test_an_excluded_rater_is_not_in_it_and_that_is_said(study):
    built.label(study, excluded={"a2": "asleep"})
    made = make(study)
    assert any("without excluded raters a2" in note for note in made.notes)
    root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
    assert root["recordings/s01-interview"].attrs["raters"] == ["a1", "a3"]


def test_unrated_sessions_can_be_refused(study):
    shutil.rmtree(find(study, "s01").folder / "labels.zarr")
    with pytest.raises(DataError) as told:
        make(study, unlabelled="refuse")
    assert "nobody rated it" in told.value.problems[0]
    with pytest.raises(DataError, match="no usable clip"):
        make(study, unlabelled="leave-out")


def test_a_dataset_without_a_usable_clip_is_not_put_in_place(study):
    make(study)
    before = (study.folder / "dataset.zarr" / "zarr.json").read_bytes()
    with pytest.raises(DataError, match="no usable clip") as told:
        make(study, clips=ClipOptions(), size_px=48)
    assert "too short" in str(told.value)
    assert not (study.folder / ".dataset.zarr.building").exists()  # known before it is cut
    assert (study.folder / "dataset.zarr" / "zarr.json").read_bytes() == before
    assert make(study).unchanged


@pytest.mark.parametrize("theirs", ["file", "folder", "zarr"])
def test_what_is_not_ours_is_never_overwritten(study, theirs):
    target = study.folder / "dataset.zarr"
    if theirs == "file":
        target.write_bytes(b"mine")
    elif theirs == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    else:
        zarr.create_group(target, attributes={"format": "somebody's"})
    with pytest.raises(AlreadyThereError, match="no dataset of taver's"):
        make(study)
    assert target.exists()


def test_a_dataset_of_another_version_is_left_as_it_is(study):
    make(study)
    path = study.folder / "dataset.zarr" / "zarr.json"
    told = json.loads(path.read_text())
    told["attributes"]["version"] = 0
    path.write_text(json.dumps(told))
    before = path.read_bytes()
    with pytest.raises(DataError, match="version 0"):
        make(study)
    assert path.read_bytes() == before


def test_faces_that_only_ones_own_model_can_find_are_never_found_with_another(study):
    folder = find(study, "s01").folder
    for path in (folder / "faces.zarr" / "zarr.json", folder / "stages" / "faces.json"):
        tree = json.loads(path.read_text())
        told = tree.get("attributes", tree)
        told["settings"]["models"]["landmarks"] = "0" * 64
        if told is not tree:
            told["models"]["landmarks"]["own"] = True
        path.write_text(json.dumps(tree))
    assert not any("found on the way" in note for note in make(study).notes)
    rig = json.loads(study.rig_file.read_text())
    study.rig_file.write_text(json.dumps(rig | {"made": "2026-11-21"}))
    before = telling.tree(study.folder)
    with pytest.raises(DataError, match="landmark model of your own") as told:
        make(study)
    assert "--shape-predictor" in told.value.fix
    assert telling.tree(study.folder) == before


def test_how_warm_a_relaxing_face_is_comes_from_a_table_as_taver_wrote_it(study):
    session, times = find(study, "s01"), built.color_ns(study)
    relaxing = Phase(name="Relaxing video", start_unix_ns=int(times[0]), end_unix_ns=int(times[4]))
    session.save(msgspec.structs.replace(session.manifest, phases=(relaxing,)))
    make(study)
    root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
    assert 300 < root["recordings/s01-interview"].attrs["relaxing_face_k"] < 312
    path = session.folder / "faces.csv"
    table = path.read_text()
    for change, what in (
        (lambda text: text.replace(",", ";"), "not as taver wrote it"),
        (lambda text: text.replace(str(times[3]), str(times[3] // 10**6 * 10**6)), "unix_ns"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "unix_ns"),
        (lambda text: text.replace("nose_tip_k", "nose"), "nose_tip_k"),
        (lambda text: text.replace(",30", ",31", 1), "something in it was changed"),
    ):
        path.write_text(change(table))
        with pytest.raises(DataError, match=what) as told:
            make(study)
        assert "taver faces --session s01 --again" in told.value.fix
    path.unlink()
    with pytest.raises(NotFoundError, match="gone"):
        make(study)


def test_two_builds_at_a_time_are_refused(study, monkeypatch):
    monkeypatch.setattr(folder, "_PATIENCE_S", 0.1)
    staging = study.folder / ".dataset.zarr.building"
    staging.mkdir()
    with lock.held(staging, "another build"), pytest.raises(BusyError, match="in use"):
        make(study)
    assert make(study).recordings == 1
    assert not staging.exists()


def test_a_switch_that_was_cut_short_between_two_renamings_is_mended(study):
    make(study)
    target, staging = study.folder / "dataset.zarr", study.folder / ".dataset.zarr.building"
    staging.mkdir()
    target.rename(staging / "old")
    assert make(study).unchanged
    assert target.is_dir()


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


def test_pictures_that_are_black_throughout_hold_nothing_and_are_not_missed_afterwards(study):
    faced.repainted(study, np.zeros_like)
    options = {
        "crop": "frame",
        "size_px": 16,
        "clips": ClipOptions(modalities=("depth",), length=2),
    }
    make(study, **options)
    data = taver.dataset.open(study.folder / "dataset.zarr")
    one = data.recordings["s01-interview"]
    assert not one.column("color_valid").any()
    assert one.column("depth_valid").all()
    assert verify(data) == []
    assert make(study, **options).unchanged


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


def test_there_is_heat_only_where_depth_may_be_looked_at(study):
    with pytest.raises(InputError, match="by depth") as told:
        make(study, crop="frame", size_px=16, modalities=(Modality.COLOR, Modality.THERMAL))
    assert 'add "depth"' in told.value.fix
    assert nothing_made(study)
    without = tuple(scope for scope in Scope if scope is not Scope.DEPTH)
    study.participants.sign("P01", studies.form(scopes=without))
    for crop in ("frame", "face"):  # and faces are not found in it without depth, either
        made = make(study, crop=crop, size_px=16)
        assert any("without thermal" in note and "by depth" in note for note in made.notes)
        root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
        assert root["recordings/s01-interview"].attrs["modalities"] == ["color"]


def test_two_recordings_are_not_called_the_same(study):
    times = built.color_ns(study)
    built.label(study, clips={"A": times[:8], "s01-a": times[8:]})
    with pytest.raises(InputError, match="one name") as told:
        make(study)
    assert told.value.problems == ("s01, clip A: s01-A", "s01, clip s01-a: s01-a")
    assert nothing_made(study)


@pytest.mark.parametrize(
    ("clips", "what"),
    [
        ({"rate_hz": 25.0}, "25 pictures a second cannot be taken of 10"),
        ({"modalities": ("color", "thermal")}, "not in every recording"),
    ],
)
def test_clips_that_cannot_be_had_are_refused_before_anything_is_cut(study, clips, what):
    with pytest.raises(InputError, match=what) as told:
        make(study, clips=ClipOptions(length=2, **clips), modalities=(Modality.COLOR,))
    assert "[clips]" in told.value.fix
    assert nothing_made(study)
    assert not (study.folder / ".dataset.zarr.building").exists()


def test_a_place_that_cannot_be_is_refused(study):
    (study.folder / "notes.txt").write_text("mine")
    for target, what in (("", "name is empty"), (study.folder / "notes.txt" / "x", "is a file")):
        with pytest.raises(InputError, match=what) as told:
            build(study, str(target), BuildConfig(), audience=Audience.LAB)
        assert "--out" in told.value.fix


def test_a_build_toml_that_says_nonsense_is_refused_with_the_key(study):
    path = study.folder / "build.toml"
    path.write_text('modalities = ["color", "sound"]\n')
    with pytest.raises(ConfigError, match="sound"):
        config.load(path)
    path.write_text("sise_px = 96\n")
    with pytest.raises(ConfigError) as told:
        config.load(path)
    assert "size_px" in told.value.problems[0]
    for text, said in (
        ('[clips]\nlabels = ["valance"]\n', "choose among arousal, valence"),
        ("[split]\nfolds = 1\n", "nobody train"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=said) as told:
            config.load(path)
        assert str(path) in told.value.what
    path.write_text("size_px = 48\nrate_hz = 5\n[clips]\nlength = 8\n[split]\nfolds = 3\n")
    assert config.load(path).clips.length == 8


def test_the_command_tells_everything_in_words(study, cli, refused):
    done = cli(study, "build-dataset", "--config", str(given(study)))
    assert done.code == 0, done.err
    assert "1 recordings of 1 people" in done.out
    assert "unchanged" in cli(study, "build-dataset", "--config", str(given(study))).out
    again = cli(study, "build-dataset", "--again", "--config", str(given(study)))
    assert (again.code, "unchanged" in again.out) == (0, False)
    assert "hundred" not in refused(InputError, study, "build-dataset", "--jobs", "0", "--out", "x")
    refused(NotFoundError, study, "build-dataset", "--session", "s77")
    refused(
        InputError, study, "build-dataset", "--jobs", "2", "--scheduler", "tcp://x:1", "--out", "y"
    )
    study.rig_file.unlink()
    assert "taver calibrate" in refused(NotFoundError, study, "build-dataset")


def given(study):
    path = study.folder / "short.toml"
    path.write_text("[clips]\nlength = 2\n")
    return path


def test_a_disk_without_room_is_told_of_and_keeps_what_was_there(study, tmp_path):
    with places.small_disk(tmp_path / "disk") as disk:
        target = disk.folder / "dataset.zarr"
        with pytest.raises(StorageError, match="No room") as told:
            build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                  audience=Audience.LAB)  # fmt: skip
        assert "--out" in told.value.fix
        assert list(disk.folder.iterdir()) == []
        disk.holds(40_000, 30)  # room for bytes, none for so many files
        with pytest.raises(StorageError, match="No room left"):
            build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                  audience=Audience.LAB)  # fmt: skip
        assert not target.exists()
        disk.holds(40_000, 1000)
        made = build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                     audience=Audience.LAB)  # fmt: skip
        assert made.recordings == 1


def test_bringing_up_to_date_takes_no_room_for_pictures_that_stay(study, tmp_path, monkeypatch):
    monkeypatch.setattr(refusing, "_SPARE_BYTES", 0)
    with places.small_disk(tmp_path / "disk") as disk:
        disk.holds(40_000, 1000)
        target = disk.folder / "dataset.zarr"
        options = BuildConfig(clips=ClipOptions(length=2), size_px=192)
        build(study, str(target), options, audience=Audience.LAB)
        room_kb = shutil.disk_usage(disk.folder).used // 1024
        disk.holds(room_kb + 600, 1000)
        built.label(study, shift=0.7)
        made = build(study, str(target), options, audience=Audience.LAB)
        assert made.labels_written == 1
        with pytest.raises(StorageError, match="No room"):
            build(study, str(target), options, audience=Audience.LAB, again=True)
