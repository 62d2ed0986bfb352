"""A dataset built of simulated sessions: what is in it, what is rewritten, what stays."""

from __future__ import annotations

import shutil

import annotating
import built
import faced
import msgspec
import numpy as np
import pytest
import sitting
import studies
import zarr

import taver.dataset
from calibration import store as rigs
from taver.core import receipt
from taver.core.consent import Audience, Scope
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.dataset import schema
from taver.dataset.about.verify import verify
from taver.dataset.build.assembly import Assembly
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions
from taver.dataset.split import SplitOptions, histograms, splits
from taver.faces import similarity
from taver.faces import store as faces
from taver.faces.align import template

SECONDS = 5.2
SHORT = ClipOptions(length=4)


def config(**more):
    return BuildConfig(**{"clips": SHORT, **more})


def make(
    study, target=None, *, audience=Audience.LAB, names=(), jobs=1, scheduler=None, again=False,
    **more,
):  # fmt: skip
    where = str(study.folder / "dataset.zarr") if target is None else str(target)
    return build(
        study, where, config(**more), audience=audience, names=names, jobs=jobs,
        scheduler=scheduler, again=again,
    )  # fmt: skip


def tree(folder):
    """Return every file of a dataset with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """Two people with faces and labels, and their dataset; nobody may change it."""
    study = built.study_of(tmp_path_factory.mktemp("dataset"), seconds=SECONDS)
    built.twin(study, "s01", "s02", "P02")
    built.with_faces(study, "s01")  # those of s02 are found on the way
    for name in ("s01", "s02"):
        built.label(study, name)
    study.made = make(study)
    return study


@pytest.fixture(scope="module")
def data(studied):
    return taver.dataset.open(studied.folder / "dataset.zarr")


@pytest.fixture
def copy(studied, tmp_path):
    return studies.copied(studied, tmp_path)


def test_each_rated_stretch_is_a_recording_with_everything_in_the_table(studied, data):
    assert schema.problems(data.root) == []
    assert set(data.recordings) == {"s01-interview", "s02-interview"}
    assert data.people == ("P01", "P02")
    assert data.simulated
    assert any("s02: its faces were found on the way" in note for note in studied.made.notes)
    one = data.recordings["s01-interview"]
    assert one.modalities == (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
    assert one.raters == ("a1", "a2", "a3")
    assert one.slots == round(SECONDS * 10)
    assert np.array_equal(np.diff(one.column("time_ns")), np.full(one.slots - 1, 100_000_000))
    assert abs(one.column("color_ns") - one.column("time_ns")).max() < 50_000_000


def test_the_face_stands_where_the_template_has_it_in_every_picture(studied, data):
    one = data.recordings["s01-interview"]
    points = one.column("landmarks")
    inner = slice(27, 68)
    assert abs(points[:, inner].mean(axis=0) - template()[inner]).mean() < 4
    for modality in one.modalities:
        assert one.column(f"{modality}_valid").mean() > 0.9
    depth = one.pictures("depth", np.arange(20))
    face = depth[:, 30:80, 30:66].astype(float)
    there = face > 0
    assert there.mean() > 0.9
    assert abs(np.median(face[there]) - distance_mm(studied)) < 25
    # A nose stands out of the cheeks beside it, in pixels that are the same ones in colour.
    nose = np.rint(points[:20, 30]).astype(int)
    tip = np.array([d[y, x] for d, (x, y) in zip(depth, nose, strict=True)], float)
    beside = np.array([d[y, x - 18] for d, (x, y) in zip(depth, nose, strict=True)], float)
    assert np.median((beside - tip)[(tip > 0) & (beside > 0)]) > 8
    factor, offset = one.thermal_kelvin
    kelvin = one.pictures("thermal", np.arange(20))[:, 40:80, 30:66] * factor + offset
    assert 300 < np.median(kelvin) < 312


def distance_mm(study):
    """Return how far the landmarks are, by the transfer of faces."""
    return float(np.nanmedian(faces.open_faces(find(study, "s01"))["depth_mm"][:, 17:]))


def test_heat_is_aligned_with_colour_to_a_pixel(studied):
    rows = faces.open_faces(find(studied, "s01"))
    by_color = similarity.apply(rows["similarity"][:], rows["landmarks"][:].astype(float))
    warm = similarity.apply(
        rows["thermal_similarity"][:], rows["thermal_landmarks"][:].astype(float)
    )
    off = np.linalg.norm(by_color - warm, axis=-1)[:, 17:]
    assert np.nanmean(np.where(rows["thermal_visible"][:, 17:], off, np.nan)) < 1.0


def test_labels_are_those_of_the_picture_that_raters_saw(studied, data):
    times = built.color_ns(studied)
    one = data.recordings["s01-interview"]
    truth = built.planted("valence", times).astype(np.float32)
    assert np.allclose(one.column("valence"), truth[: one.slots] / 10, atol=1e-6)
    assert np.allclose(one.column("valence_raters")[:, 1], truth[: one.slots], atol=1e-5)
    assert abs(one.column("valence")).max() <= 1


def test_a_second_build_writes_nothing(copy):
    before = tree(copy.folder / "dataset.zarr")
    made = make(copy)
    assert made.unchanged
    assert made.chunks_written == 0
    assert tree(copy.folder / "dataset.zarr") == before


def test_a_changed_label_rewrites_labels_and_no_pictures(copy):
    store = copy.folder / "dataset.zarr"
    before = tree(store)
    stamps = {path: path.stat().st_mtime_ns for path in store.rglob("c.*") if path.is_file()}
    built.label(copy, "s01", shift=0.7)
    made = make(copy)
    after = tree(store)
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
    make(study, target)
    return tree(target)


def test_two_processes_find_faces_and_write_the_same_bytes_as_one(copy):
    shutil.rmtree(copy.sessions_folder / "s02" / "faces.zarr")
    made = make(copy, copy.folder / "two.zarr", jobs=2)
    assert made.chunks_written > 0
    assert any("s02: its faces were found on the way" in note for note in made.notes)
    assert tree(copy.folder / "two.zarr") == tree(copy.folder / "dataset.zarr")


def test_a_new_session_is_added_and_the_others_are_not_cut_again(copy):
    make(copy, copy.folder / "one.zarr", names=["s01"])
    inodes = inode_of(copy.folder / "one.zarr")
    make(copy, copy.folder / "one.zarr")
    assert tree(copy.folder / "one.zarr") == tree(copy.folder / "dataset.zarr")
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


def test_what_a_person_keeps_from_the_public_is_not_in_it(copy):
    to_all = studies.form(audience=Audience.PUBLIC)
    kept = {**to_all.scopes, Scope.DEPTH: Audience.LAB}
    for name in ("P01", "P02"):
        copy.participants.sign(name, msgspec.structs.replace(to_all, scopes=kept))
    made = make(copy, copy.folder / "public.zarr", audience=Audience.PUBLIC)
    shared = taver.dataset.open(copy.folder / "public.zarr")
    assert shared.modalities == (Modality.COLOR, Modality.THERMAL)
    for recording in shared.recordings.values():
        assert recording.session is None
        assert recording.attributes["start_unix_ns"] is None
        assert recording.raters == ("r1", "r2", "r3")
    everything = b"".join(tree(copy.folder / "public.zarr").values())
    for secret in (b"s01", b'"a1"', str(copy.folder).encode()):
        assert secret not in everything
    assert any("without depth" in note for note in made.notes)
    assert make(copy, copy.folder / "public.zarr", audience=Audience.PUBLIC).unchanged


def test_another_size_shows_the_same_face(copy, data):
    make(copy, copy.folder / "small.zarr", names=["s01"], size_px=48)
    small = taver.dataset.open(copy.folder / "small.zarr").recordings["s01-interview"]
    big = data.recordings["s01-interview"]
    assert small.pictures("color", np.arange(4)).shape == (4, 48, 48, 3)
    halved = big.pictures("color", np.arange(4)).reshape(4, 48, 2, 48, 2, 3).mean(axis=(2, 4))
    assert abs(halved - small.pictures("color", np.arange(4))).mean() < 4
    assert np.allclose((big.column("landmarks") + 0.5) / 2 - 0.5, small.column("landmarks"),
                       atol=1e-3)  # fmt: skip


def test_whole_pictures_are_laid_over_one_another(copy):
    make(copy, copy.folder / "whole.zarr", names=["s01"], crop="frame", size_px=128)
    one = taver.dataset.open(copy.folder / "whole.zarr").recordings["s01-interview"]
    # A face is as small in a whole picture as that has become.
    crop = rigs.read(copy.rig_file).crop
    shrunk = 128 / max(crop.width_px, crop.height_px)
    recorded = np.ptp(faces.open_faces(find(copy, "s01"))["landmarks"][:, :17], axis=1)
    jaw = np.ptp(one.column("landmarks")[:, :17], axis=1)
    assert np.allclose(jaw, recorded * shrunk, atol=0.01)
    assert all(one.column(f"{modality}_valid").mean() > 0.9 for modality in one.modalities)
    nose = np.rint(one.column("landmarks")[5, 30]).astype(int)
    assert (nose > 0).all()
    assert (nose < 128).all()
    z_mm = one.pictures("depth", np.array([5]))[0, nose[1], nose[0]]
    assert abs(float(z_mm) - distance_mm(copy)) < 40
    factor, offset = one.thermal_kelvin
    assert 300 < one.pictures("thermal", np.array([5]))[0, nose[1], nose[0]] * factor + offset < 312


def test_a_stretch_of_a_session_has_its_own_slots(copy):
    times = built.color_ns(copy)
    built.label(copy, "s01", clips={"a": times[5:25], "b": times[30:]})
    make(copy, copy.folder / "parts.zarr", names=["s01"])
    parts = taver.dataset.open(copy.folder / "parts.zarr").recordings
    assert {name: one.slots for name, one in parts.items()} == {"s01-a": 20, "s01-b": 22}
    assert parts["s01-b"].attributes["start_unix_ns"] - parts["s01-a"].attributes[
        "start_unix_ns"
    ] == pytest.approx(2.5e9, abs=2e6)
    whole = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-interview"]
    assert np.array_equal(
        parts["s01-b"].pictures("color", np.arange(22)), whole.pictures("color", np.arange(30, 52))
    )


class Stopped(BaseException):
    """As if the power went."""


@pytest.fixture
def cut_only(copy):
    """Build as far as everything is cut, and not to the end."""

    def stop(*_):
        raise Stopped

    def cut(target, **more):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Assembly, "finish", stop)
            with pytest.raises(Stopped):
                make(copy, target, **more)
        return target.with_name(f".{target.name}.building")

    return cut


def test_what_was_cut_before_a_stop_does_not_stand_for_what_is_wanted_now(copy, cut_only):
    signed = studies.form(audience=Audience.PUBLIC)
    copy.participants.sign("P01", signed)
    for first, then in (
        ({"audience": Audience.LAB}, {"audience": Audience.PUBLIC}),
        ({"size_px": 16}, {"size_px": 24}),
    ):
        target = copy.folder / "stopped.zarr"
        for more in (then, first):
            cut_only(target, names=["s01"], **more)
        make(copy, target, names=["s01"], **then)
        assert_shown(target)
        shutil.rmtree(target)


def test_notes_of_a_build_whose_pictures_are_gone_stand_for_nothing(copy, cut_only):
    target = copy.folder / "stopped.zarr"
    notes = cut_only(target, names=["s01"], size_px=16) / "blocks"
    shutil.copytree(notes, copy.folder / "notes")
    make(copy, target, names=["s01"], size_px=16)
    shutil.rmtree(target)  # by whoever had it
    shutil.copytree(copy.folder / "notes", notes)  # as if it was stopped before it had tidied up
    make(copy, target, names=["s01"], size_px=16)
    assert_shown(target)


def assert_shown(target):
    """Every picture that is marked as valid holds something."""
    assert verify(taver.dataset.open(target)) == []


def test_damage_that_a_look_at_indexes_and_values_shows_is_mended_by_the_next_build(copy):
    store = copy.folder / "dataset.zarr"
    before = tree(store)
    (depth,) = files_of(store, "s01-interview/depth")
    (gone,) = files_of(store, "s02-interview/color")
    faced.damage(depth, depth.stat().st_size - 80)
    gone.unlink()
    made = make(copy)
    assert not made.unchanged
    assert sum("damaged, and made anew" in note for note in made.notes) == 2
    assert made.labels_written == 0
    assert tree(store) == before
    for path in files_of(store, "s01-interview/valence_raters"):
        path.unlink()
    assert make(copy).labels_written == 1
    assert tree(store) == before
    assert make(copy).unchanged


def test_damage_that_nobody_can_see_is_mended_where_everything_is_asked_for_again(copy):
    store = copy.folder / "dataset.zarr"
    before = tree(store)
    (color,) = files_of(store, "s01-interview/color")
    faced.damage(color, 4000)  # a colour is as good as another
    assert make(copy).unchanged
    assert tree(store) != before
    assert not make(copy, again=True).unchanged
    assert tree(store) == before


def files_of(store, inside):
    return list((store / "recordings" / inside).glob("c.*"))


def test_another_seed_divides_people_anew_and_that_is_said(copy):
    def testers():
        return taver.dataset.open(copy.folder / "dataset.zarr").splits["default"]["test"]

    (was,) = testers()
    seed = next(n for n in range(1, 50) if divided(copy, SplitOptions(seed=n)) != [was])
    made = make(copy, split=SplitOptions(seed=seed))
    assert testers() != [was]
    assert any("divided anew" in note for note in made.notes)
    built.label(copy, "s01", shift=0.7)
    made = make(copy, split=SplitOptions(seed=seed))
    assert made.labels_written == 1
    assert testers() != [was]
    assert not any("divided anew" in note for note in made.notes)


def divided(study, options):
    """Return who would test."""
    data = taver.dataset.open(study.folder / "dataset.zarr")
    return splits(histograms(data.recordings.values()), options)["default"]["test"]


def test_a_session_that_nobody_rated_is_kept_without_labels_or_left_out(copy):
    shutil.rmtree(find(copy, "s02").folder / "labels.zarr")
    made = make(copy)
    one = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s02"]
    assert np.isnan(one.column("valence")).all()
    assert one.raters == ()
    assert any("nobody rated it" in note for note in made.notes)
    assert make(copy, unlabelled="leave-out").recordings == 1


def test_labels_are_made_of_the_ratings_that_there_are_by_now(copy):
    shutil.rmtree(find(copy, "s01").folder / "labels.zarr")
    times = built.color_ns(copy)
    database = sitting.database_of(copy)
    (one, other) = annotating.add_people(database, "P1", "P2")
    clip = sitting.add(database, "talk", times, wanted=2)
    high, low = np.full(len(times), 4.0), np.full(len(times), -2.0)
    sitting.sit(database, clip, one, low, high)
    made = make(copy, names=["s01"])
    assert "s01: its labels were made on the way" in made.notes
    recording = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-talk"]
    assert np.allclose(recording.column("valence")[1:], 0.4)
    sitting.sit(database, clip, other, low, low)  # the second rater is done, too
    database.close()
    assert make(copy, names=["s01"]).labels_written == 1
    recording = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-talk"]
    assert np.allclose(recording.column("valence")[1:], 0.1)
    assert len(recording.raters) == 2


def test_a_frame_that_is_damaged_is_not_valid_and_holds_nothing(copy):
    session = find(copy, "s01")
    with Footage(session, Modality.COLOR) as color:
        spoilt = bytes(color.read(20).data)
    (file,) = session.stream_files(Modality.COLOR)
    data = file.read_bytes()
    faced.damage(file, data.index(spoilt) + 4)  # its head: no decoder reads on
    make(copy, copy.folder / "damaged.zarr", names=["s01"])
    one = taver.dataset.open(copy.folder / "damaged.zarr").recordings["s01-interview"]
    assert np.flatnonzero(~one.column("color_valid")).tolist() == [20]
    assert not one.pictures("color", np.array([20])).any()


def test_others_read_it_without_taver(studied):
    root = zarr.open_group(studied.folder / "dataset.zarr", mode="r")
    one = root["recordings/s01-interview"]
    assert one["color"].shape[1:] == (96, 96, 3)
    assert one["color"].shards == (256, 96, 96, 3)
    assert one["depth"].attrs["unit"] == "mm"
