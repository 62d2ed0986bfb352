"""Faces that are found, followed and judged: real ones, drawn ones, and what is none."""

import numpy as np
import pytest
import rigged
import skimage.data

from taver.core.errors import DataError, InputError, MissingExtraError, NotFoundError
from taver.core.frames import Modality
from taver.faces import finder, home, models, search
from taver.faces.dlib_faces import Cnn, Points68
from taver.faces.kit import kit
from taver.faces.live import Live
from taver.faces.options import Options, ThermalBox
from taver.faces.points import eye_distance
from taver.faces.state import State
from taver.faces.track import FACE, Tracker
from taver.faces.view import Plain

PERIOD_NS = 100_000_000
# Corners and lids of her eyes in scikit-image's `astronaut`, marked by hand at 28 times the size.
EYES = {
    36: (194.5, 101.3), 37: (199.5, 98.0), 38: (206.0, 98.3), 39: (212.5, 103.0),
    40: (206.0, 104.5), 41: (199.0, 103.6), 42: (236.5, 104.6), 43: (243.0, 100.2),
    44: (250.0, 100.0), 45: (256.5, 103.7), 46: (250.0, 106.2), 47: (243.0, 105.6),
}  # fmt: skip
NOBODY = home.Home((0.0, 0.0), 0.0, 0.0)


@pytest.fixture(scope="module")
def the_kit():
    return kit(Options())


@pytest.fixture(scope="module")
def drawn():
    """A drawn face in a colour picture, and where its points are."""
    renderer = rigged.renderer()
    scene = rigged.scene(3)
    truth = renderer.landmarks(scene)[0].pixels[Modality.COLOR]
    return renderer.render(scene, [Modality.COLOR]).color, truth


def followed(the_kit, pictures, known=NOBODY):
    tracker = Tracker(the_kit.chips, the_kit.detector, known)
    return [tracker.step(Plain(p), n * PERIOD_NS) for n, p in enumerate(pictures)]


def test_an_astronaut_has_one_face_and_her_eyes_are_where_they_are(the_kit):
    view = Plain(skimage.data.astronaut())
    (one,) = search.everywhere(view, the_kit.detector, the_kit.detector.smallest_px)
    points = the_kit.chips.in_box(view, one.box)
    assert the_kit.chips.judged(view, points)[0] > 2 * FACE
    most = 0.05 * eye_distance(points)
    for point, place in EYES.items():
        assert np.linalg.norm(points[point] - place) < most, point


def test_a_face_that_is_followed_stays_on_the_face(the_kit, drawn):
    picture, truth = drawn
    moved = [np.roll(picture, 6 * n, axis=1) for n in range(6)]
    steps = followed(the_kit, moved)
    assert [step.state for step in steps] == [State.DETECTED] + [State.TRACKED] * 5
    for n, step in enumerate(steps):
        off = np.linalg.norm(step.points - truth - (6 * n, 0), axis=-1)[17:]
        assert off.mean() < 0.05 * eye_distance(truth)


def test_a_face_that_goes_is_lost_at_once_and_found_again_elsewhere(the_kit, drawn):
    picture, truth = drawn
    empty = np.full_like(picture, 120)
    elsewhere = np.roll(picture, 400, axis=1)
    steps = followed(the_kit, [picture, picture, empty, empty, elsewhere])
    assert [step.state for step in steps[2:]] == [State.LOST, State.LOST, State.DETECTED]
    off = np.linalg.norm(steps[4].points - truth - (400, 0), axis=-1)[17:]
    assert off.mean() < 0.05 * eye_distance(truth)


def test_a_covered_face_is_not_followed(the_kit, drawn):
    picture, truth = drawn
    covered = picture.copy()
    left, top = truth.min(axis=0).astype(int)
    right, bottom = truth.max(axis=0).astype(int)
    covered[top + 10 : bottom, left:right] = (150, 110, 90)
    assert followed(the_kit, [picture, picture, covered])[2].state is State.LOST


def test_half_a_picture_looks_less_like_a_face_than_all_of_it(the_kit, drawn):
    picture, truth = drawn
    cut_off = picture.copy()
    cut_off[:, round(truth[:, 0].mean()) :] = 90
    whole, _ = the_kit.chips.judged(Plain(picture), truth)
    half, _ = the_kit.chips.judged(Plain(cut_off), truth)
    wall, _ = the_kit.chips.judged(Plain(np.full_like(picture, 90)), truth)
    beside, _ = the_kit.chips.judged(Plain(picture), truth + 300)
    assert whole > 1.5
    assert half < whole - 0.5
    assert max(wall, beside) < min(half, FACE)


def test_of_two_the_participant_is_followed_not_the_one_farther_back(the_kit, drawn):
    picture, truth = drawn
    import cv2

    small = cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    both = picture.copy()
    both[: len(small), : small.shape[1] // 2 + 200] = small[:, : small.shape[1] // 2 + 200]
    steps = followed(the_kit, [both])
    assert np.linalg.norm(steps[0].points.mean(axis=0) - truth.mean(axis=0)) < 15


def test_live_frames_are_followed_as_they_come(the_kit, drawn):
    picture, truth = drawn
    live = Live(the_kit.chips, the_kit.detector)
    steps = [live.step(picture, n * PERIOD_NS) for n in range(3)]
    assert steps[2].state is State.TRACKED
    assert np.linalg.norm(steps[2].points - truth, axis=-1)[17:].mean() < 4


def sighting(frame, x, size=60.0, z_mm=float("nan")):
    from taver.faces.align import template

    face = template(size * 2.3)
    return home.Sighting(frame, face + np.array([x, 300.0]), z_mm)


def test_the_participant_is_who_is_near_and_stays():
    sits = [sighting(n, 800, z_mm=1000.0) for n in range(5)]
    passes = [sighting(2, 100, z_mm=900.0)]
    stands_behind = [sighting(n, 1500, size=40.0, z_mm=1700.0) for n in range(5)]
    everybody = [*sits, *passes, *stands_behind]
    people = [[everybody[at] for at in person] for person in home.joined(everybody)]
    assert len(people) == 3
    settled, _ = home.settle(people, 5)
    assert settled.middle_px[0] == pytest.approx(sits[0].points.mean(axis=0)[0])
    assert settled.steadiness == 1.0
    assert len(settled.others) == 6


def test_without_depth_the_larger_face_is_the_nearer_one():
    people = [[sighting(0, 100, size=40.0)], [sighting(0, 900, size=60.0)]]
    assert home.settle(people, 1)[1] == 1


def test_a_face_much_smaller_than_usual_is_not_taken_for_the_participant():
    settled, _ = home.settle([[sighting(0, 800)]], 1)
    assert settled.chosen([sighting(9, 800, size=30.0).points], None, 99.0) is None
    assert settled.chosen([sighting(9, 790).points], None, 99.0) == 0


def test_the_one_nearest_to_where_it_was_is_taken():
    faces = [sighting(9, 300).points, sighting(9, 820).points]
    settled, _ = home.settle([[sighting(0, 300)]], 1)
    last = sighting(8, 800).points
    assert settled.chosen(faces, last, 0.2) == 1
    assert settled.chosen(faces, last, 60.0) == 0  # long after, where they usually are


def test_the_models_say_what_they_may_be_used_for():
    model = models.find(models.POINTS_68)
    assert "not for commercial products" in model.licence
    assert len(model.sha256) == 64


def test_a_model_of_debian_is_found_where_the_package_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        models.find(models.POINTS_68, debian_folder=tmp_path)
    assert "pip install" in caught.value.fix
    (tmp_path / models.POINTS_68).write_bytes(b"there")
    assert models.find(models.POINTS_68, debian_folder=tmp_path).path.parent == tmp_path


def test_a_model_of_five_points_is_refused():
    five = models.find(models.POINTS_68).path.with_name("shape_predictor_5_face_landmarks.dat")
    with pytest.raises(DataError, match="places 5 points, not 68"):
        Points68(five)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    file = tmp_path / "faces.dat"
    file.write_bytes(b"\1\2\3" * 100)
    with pytest.raises(DataError, match="no shape predictor"):
        Points68(file)


def test_the_network_finds_her_too():
    face = np.ascontiguousarray(skimage.data.astronaut()[40:220, 120:320, 1])
    (one,) = Cnn().find(face)
    left, top, right, bottom = one.box
    x, y = np.mean(list(EYES.values()), axis=0) - (120, 40)
    assert left < x < right
    assert top < y < bottom


def test_a_detector_nobody_installed_is_refused():
    with pytest.raises(NotFoundError, match="no face detector 'none'"):
        finder.detector("none")


def test_ours_follow_the_protocols_strangers_follow(the_kit):
    assert isinstance(the_kit.detector, finder.Detector)
    assert isinstance(the_kit.detector, finder.Judge)
    assert isinstance(Points68(), finder.Predictor)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,2,2", "-1,0,50,50"])
def test_a_box_has_four_numbers(text):
    with pytest.raises(InputError):
        ThermalBox.parse(text)


def test_a_box_may_name_its_frame():
    box = ThermalBox.parse("270, 190, 96, 110@40")
    assert (box.left_px, box.top_px, box.width_px, box.height_px, box.frame) == (
        270, 190, 96, 110, 40,
    )  # fmt: skip
