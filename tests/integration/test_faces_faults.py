"""Faces where something is wrong: frames, streams, rigs, boxes, consent and names."""

import json
import multiprocessing
import shutil
import threading
import time

import built
import faced
import msgspec
import numpy as np
import pytest
import studies
import zarr

from capture.sim.scenario import Person
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.faces import pipeline, schema, store
from taver.faces.jobs import run
from taver.faces.kit import kit
from taver.faces.options import Options, ThermalBox
from taver.faces.state import State

INNER = slice(17, 68)


@pytest.fixture(scope="module")
def the_kit():
    return kit(Options())


@pytest.fixture(scope="module")
def recorded_short(tmp_path_factory):
    """A study whose one session has a dozen frames, not looked through yet."""
    person = Person(identity=12, aside_mm=60.0)
    study = faced.study_of(tmp_path_factory.mktemp("short"), person, seconds=1.2)
    faced.repainted(study, lambda pixels: pixels, frames=12)
    return study


@pytest.fixture
def short(recorded_short, tmp_path):
    return studies.copied(recorded_short, tmp_path)


def attributes(study):
    return dict(store.open_faces(find(study, "s01")).attrs)


def test_damaged_frames_are_a_row_each_and_the_run_goes_on(short, the_kit):
    session = find(short, "s01")
    (file,) = session.stream_files(Modality.COLOR)
    faced.damage(file, file.stat().st_size // 2)
    (depth,) = session.stream_files(Modality.DEPTH)
    faced.damage(depth, depth.stat().st_size * 4 // 5)
    faced.recounted(short, lambda counts, number: counts + np.uint16(16384 * (number == 3)))
    done = pipeline.make(short, "s01", Options(), the_kit)
    group = store.open_faces(session)
    thermal_frame = group["thermal_frame"][:]
    (hot,) = np.flatnonzero(group["flaws"][:] & schema.Flaw.THERMAL_DAMAGED)
    assert thermal_frame[hot] == 3  # 14 bits cannot tell so much
    carried = np.isfinite(group["thermal_landmarks"][:]).any(axis=(1, 2))
    (shallow,) = np.flatnonzero(group["flaws"][:] & schema.Flaw.DEPTH_DAMAGED)
    assert not group["depth_visible"][int(shallow)].any()
    assert carried.tolist() == [row not in {hot, shallow} for row in range(12)]
    flaws, state = group["flaws"][:], group["state"][:]
    (bad,) = np.flatnonzero(flaws & schema.Flaw.COLOR_DAMAGED)
    assert done.frames == 12
    assert state[bad] == State.INTERPOLATED
    assert np.isnan(group["landmarks_raw"][int(bad)]).all()


def test_without_heat_the_rest_is_found_and_it_is_said(short, the_kit):
    session = find(short, "s01")
    streams = dict(session.manifest.streams)
    del streams[Modality.THERMAL]
    session.save(msgspec.structs.replace(session.manifest, streams=streams))
    done = pipeline.make(short, "s01", Options(), the_kit)
    assert any("thermal: not recorded" in note for note in done.notes)
    group = store.open_faces(session)
    assert group["depth_visible"][:].any()
    assert not group["thermal_visible"][:].any()


def test_without_depth_there_is_no_way_to_the_heat_and_it_is_said(short, the_kit):
    session = find(short, "s01")
    streams = dict(session.manifest.streams)
    del streams[Modality.DEPTH]
    session.save(msgspec.structs.replace(session.manifest, streams=streams))
    done = pipeline.make(short, "s01", Options(), the_kit)
    assert any("no way to the thermal" in note for note in done.notes)
    group = store.open_faces(session)
    assert (group["state"][:] > 0).all()
    assert np.isnan(group["thermal_landmarks"][:]).all()
    assert (group["thermal_frame"][:] >= 0).all()


def test_without_colour_there_is_nothing_to_find(short, the_kit):
    session = find(short, "s01")
    streams = dict(session.manifest.streams)
    del streams[Modality.COLOR]
    session.save(msgspec.structs.replace(session.manifest, streams=streams))
    with pytest.raises(NotFoundError, match="no color stream"):
        pipeline.make(short, "s01", Options(), the_kit)


def test_a_rig_of_other_cameras_is_refused_by_their_serials(short, the_kit):
    rig = json.loads(short.rig_file.read_text())
    short.rig_file.write_text(json.dumps(rig | {"serials": {"color": "another"}}))
    with pytest.raises(DataError, match="another camera"):
        pipeline.make(short, "s01", Options(), the_kit)
    assert not (find(short, "s01").folder / schema.FILE).exists()


def test_a_rig_of_other_picture_sizes_is_refused(short, the_kit):
    rig = json.loads(short.rig_file.read_text())
    rig["thermal"]["width_px"] = 320
    short.rig_file.write_text(json.dumps(rig))
    with pytest.raises(DataError, match="other sizes") as caught:
        pipeline.make(short, "s01", Options(), the_kit)
    assert caught.value.problems == ("thermal: calibrated 320 x 512 px, recorded 640 x 512 px",)


def test_a_rig_that_does_not_fit_the_pictures_is_not_believed(short, the_kit):
    rig = json.loads(short.rig_file.read_text())
    rig["ir_to_color"]["translation_mm"][0] += 300.0
    short.rig_file.write_text(json.dumps(rig))
    done = pipeline.make(short, "s01", Options(), the_kit)
    assert any("does not fit" in note for note in done.notes)
    group = store.open_faces(find(short, "s01"))
    assert (group["state"][:] > 0).all()
    assert np.isnan(group["depth_landmarks"][:]).all()


def test_mirrored_pictures_do_not_fit_the_depth_and_it_is_said(short, the_kit):
    faced.repainted(short, lambda pixels: np.ascontiguousarray(pixels[:, ::-1]), frames=8)
    done = pipeline.make(short, "s01", Options(), the_kit)
    assert any("mirrored" in note for note in done.notes)


def test_without_a_rig_a_box_by_hand_leads_to_the_thermal_picture(short, the_kit):
    short.rig_file.unlink()
    # A camera that slides: the first frame is farther off than one look reaches.
    faced.recounted(short, lambda counts, number: np.roll(counts, 4 * (number - 8), axis=1))
    true = zarr.open_group(find(short, "s01").folder / "truth.zarr", mode="r")["thermal"]
    points = true["landmarks_px"][:12]
    points[..., 0] += 4 * (np.arange(12) - 8)[:, None]
    left, top = np.floor(points[8].min(axis=0)).astype(int)
    wide, high = np.ceil(np.ptp(points[8], axis=0)).astype(int)
    box = ThermalBox.parse(f"{left},{top},{wide},{high}@8")
    done = pipeline.make(short, "s01", Options(thermal_box=box), the_kit)
    assert any("by hand" in note for note in done.notes)
    found = store.open_faces(find(short, "s01"))["thermal_landmarks"][:]
    off = np.linalg.norm(found - points, axis=-1)[:, INNER].mean(axis=1)
    assert off.max() < 12
    assert off.mean() < 8


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ("10,10,50,60@999", "no thermal frame 999"),
        ("600,10,90,90", "reaches out"),
    ],
)
def test_a_box_that_cannot_be_is_refused(short, the_kit, box, problem):
    short.rig_file.unlink()
    with pytest.raises(InputError, match=problem):
        pipeline.make(short, "s01", Options(thermal_box=ThermalBox.parse(box)), the_kit)


def test_pictures_that_lie_on_their_side_are_told_apart_from_empty_ones(short, the_kit):
    short.rig_file.unlink()
    faced.repainted(short, lambda pixels: np.ascontiguousarray(np.rot90(pixels)), frames=5)
    with pytest.raises(DataError, match="turned back by 270"):
        pipeline.make(short, "s01", Options(), the_kit)


def test_a_session_without_a_face_has_a_row_of_nothing_for_each_frame(short, the_kit):
    faced.repainted(short, lambda pixels: np.full_like(pixels, 90), frames=6)
    done = pipeline.make(short, "s01", Options(), the_kit)
    assert done.frames == done.lost == 6
    assert any("no face" in note for note in done.notes)


def test_who_did_not_agree_to_landmarks_has_none_made(recorded, the_kit):
    study, session = recorded
    scopes = tuple(scope for scope in Scope if scope is not Scope.LANDMARKS)
    study.participants.sign("P01", studies.form(scopes=scopes))
    with pytest.raises(ConsentError, match="landmarks"):
        pipeline.make(study, session.name, Options(), the_kit)
    assert not (session.folder / schema.FILE).exists()


def test_one_session_that_cannot_be_done_does_not_stop_the_others(short):
    folder = short.sessions_folder / "s02"
    shutil.copytree(short.sessions_folder / "s01", folder)
    told = json.loads((folder / "session.json").read_text())
    told["name"] = "s02"
    del told["streams"]["color"]
    (folder / "session.json").write_text(json.dumps(told))
    told = Counted()
    outcomes = run(short, ["s02", "s01"], Options(), jobs=2, progress=told)
    assert [one.session for one in outcomes] == ["s02", "s01"]
    assert isinstance(outcomes[0].error, NotFoundError)
    assert outcomes[1].made.frames == 12
    assert told.steps == 2 * 12


class Counted:
    """Counts the steps it hears of."""

    steps = 0

    def begin(self, title, total):
        pass

    def advance(self, steps=1):
        self.steps += steps


class Killer(Counted):
    """Ends two processes once they are there, as a system does whose memory ran out."""

    def begin(self, title, total):  # noqa: ARG002
        threading.Thread(target=self.kill, daemon=True).start()

    def kill(self):
        while len(children := multiprocessing.active_children()) < 2:
            time.sleep(0.01)
        for child in children:
            child.kill()


def test_a_process_that_is_killed_is_told_of_for_every_session_it_kept_from(short):
    built.twin(short, "s01", "s02", "P02")
    outcomes = run(short, ["s01", "s02"], Options(), jobs=2, progress=Killer())
    for one in outcomes:
        assert "ended from outside" in one.error.what
        assert "run again" in one.error.fix


def test_a_name_that_is_mistyped_is_told_before_anything_is_done(short):
    with pytest.raises(NotFoundError, match="s99"):
        run(short, ["s01", "s99"], Options())
    assert not (find(short, "s01").folder / schema.FILE).exists()
