"""What is worked out without dlib, for speed, is what dlib would say."""

import dlib
import numpy as np
import pytest
import rigged

from taver.core import home
from taver.core.frames import Modality
from taver.faces import frontal, gradients, models, tree_file
from taver.faces.chips import JUDGED_PX
from taver.faces.dlib_faces import Hog, Points68
from taver.faces.points import COUNT
from taver.faces.signals import look_of

FACE_PX = 400  # dlib looks at whole pixels: so large, that hardly matters


@pytest.fixture(scope="module")
def face(detector):
    """A drawn face, enlarged, and the box about it as whole pixels."""
    import cv2

    scene = rigged.scene(3)
    renderer = rigged.renderer()
    points = renderer.landmarks(scene)[0].pixels[Modality.COLOR]
    grey = cv2.cvtColor(renderer.render(scene, [Modality.COLOR]).color, cv2.COLOR_RGB2GRAY)
    grown = FACE_PX / np.ptp(points, axis=0).max()
    left, top = (points.min(axis=0) - 60).astype(int)
    right, bottom = (points.max(axis=0) + 60).astype(int)
    picture = cv2.resize(grey[top:bottom, left:right], None, fx=grown, fy=grown)
    (box, *_) = detector(picture)
    return picture, box


@pytest.fixture(scope="module")
def ours():
    return Points68()


@pytest.fixture(scope="module")
def dlibs():
    return dlib.shape_predictor(str(models.find(models.POINTS_68).path))


@pytest.fixture(scope="module")
def detector():
    return dlib.get_frontal_face_detector()


def onto(box):
    wide, high = box.right() - box.left(), box.bottom() - box.top()
    return np.array([[wide, 0.0, box.left()], [0.0, high, box.top()]])


@pytest.mark.parametrize("shift_px", [0, 9, -14])
def test_points_are_where_dlib_places_them(face, ours, dlibs, shift_px):
    picture, box = face
    moved = dlib.translate_rect(box, dlib.point(shift_px, shift_px // 2))
    theirs = np.array([(part.x, part.y) for part in dlibs(picture, moved).parts()], np.float64)
    off = np.linalg.norm(ours.place(picture, onto(moved)) - theirs, axis=1)
    assert off.mean() < 0.01 * FACE_PX, off
    assert off.max() < 0.05 * FACE_PX, off


def test_points_do_not_depend_on_what_was_looked_at_before(face, ours):
    picture, box = face
    first = ours.place(picture, onto(box))
    other = ours.place(np.roll(picture, 40, axis=1), onto(box))
    assert np.abs(other - first).max() > 1
    assert np.array_equal(ours.place(picture, onto(box)), first)
    assert np.array_equal(Points68().place(picture, onto(box)), first)


def test_points_turn_and_grow_with_the_picture(face, ours):
    picture, box = face
    straight = ours.place(picture, onto(box))
    turned = np.ascontiguousarray(np.rot90(picture))  # (x, y) comes to (y, wide - 1 - x)
    back = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, picture.shape[1] - 1]])
    square = np.vstack([onto(box), (0, 0, 1)])
    placed = ours.place(turned, back @ square)
    np.testing.assert_allclose(placed, straight @ back[:, :2].T + back[:, 2], atol=1e-3)


def test_a_square_outside_of_the_picture_or_nowhere_does_no_harm(face, ours):
    picture, _ = face
    far = np.array([[300.0, 0.0, 1e9], [0.0, 300.0, -1e9]])
    assert np.isfinite(ours.place(picture, far)).all()
    assert np.isnan(ours.place(picture, np.full((2, 3), np.nan))).all()
    assert np.isnan(ours.place(np.empty((0, 0), np.uint8), far)).all()


def test_a_file_that_ends_early_or_was_changed_holds_no_trees():
    data = np.fromfile(models.find(models.POINTS_68).path, np.uint8)
    assert tree_file.trees_of(data[:-1]) is None
    assert tree_file.trees_of(data[:1000]) is None
    assert tree_file.trees_of(np.empty(0, np.uint8)) is None
    assert tree_file.trees_of(np.concatenate([data, data[:1]])) is None
    changed = data.copy()
    changed[len(data) // 2 : len(data) // 2 + 40] = 0xFF
    assert tree_file.trees_of(changed) is None


def test_every_leaf_is_kept_to_a_thirty_thousandth_of_the_largest():
    found = tree_file.trees_of(models.read(models.find(models.POINTS_68)))
    assert found is not None
    assert found.mean.shape == (COUNT, 2)
    assert np.abs(found.leaves).max(axis=(1, 2, 3)).tolist() == [2**15 - 1] * len(found.units)


def judged_by_dlib(detector, chip):
    """Return the score of dlib's best box in the middle; -2 where there is none."""
    boxes, scores, _ = detector.run(chip, 0, -2.0)
    middle = JUDGED_PX / 2
    return max(
        (
            score
            for box, score in zip(boxes, scores, strict=True)
            if max(abs(box.center().x - middle), abs(box.center().y - middle)) < 14
        ),
        default=-2.0,
    )


def test_chips_are_judged_as_dlib_judges_them(face, detector):
    import cv2

    picture, box = face
    scale = 80 / box.width()
    middle = np.array([box.center().x, box.center().y])
    pairs, judge = [], Hog()
    for aside in (0, -5, 120):
        matrix = np.array([[scale, 0.0, 50 - scale * (middle[0] + aside)], [0.0, scale, 0.0]])
        matrix[1, 2] = 50 - scale * middle[1]
        chip = cv2.warpAffine(picture, matrix, (JUDGED_PX, JUDGED_PX), borderMode=1)
        covered = chip.copy()
        covered[50:] = 128
        pairs += [(judge.score(one), judged_by_dlib(detector, one)) for one in (chip, covered)]
    mine, theirs = np.array(pairs).T
    assert theirs.max() > 1.5
    assert theirs.min() < 0.0
    faces = theirs > 0  # what is none is none, however little it looks like one
    np.testing.assert_allclose(mine[faces], theirs[faces], atol=0.1)
    assert (mine[~faces] < -1).all()


def test_a_detector_that_is_none_of_faces_is_not_taken(detector):
    saved, *_ = detector.__getstate__()
    packed = np.frombuffer(saved, np.uint8)
    assert gradients.windows_of(packed) is not None
    assert gradients.windows_of(packed[:5000]) is None
    assert gradients.windows_of(packed[2:]) is None


def test_a_chips_look_is_what_opencv_measures():
    import cv2

    noise = np.random.default_rng(0).integers(0, 256, (JUDGED_PX, JUDGED_PX), np.uint8)
    chip = cv2.GaussianBlur(noise, (3, 3), 0.7)
    look = look_of(chip)
    fine = cv2.Laplacian(chip, cv2.CV_64F).std()
    assert look.sharpness == pytest.approx(fine / chip.std(), rel=1e-9)
    assert look.exposure == pytest.approx(chip.mean() / 255)
    assert look.clipped == pytest.approx(((chip <= 4) | (chip >= 251)).mean())


def test_a_kept_detector_finds_what_the_one_does_that_dlib_unpacks(
    face, detector, tmp_path, monkeypatch
):
    monkeypatch.setattr(home, "cache", lambda: tmp_path / "new")
    frontal.detector(dlib)
    (kept,) = (tmp_path / "new").iterdir()
    monkeypatch.delattr(dlib, "get_frontal_face_detector")  # it would take most of a second
    again, saved = frontal.detector(dlib)
    assert again.run(face[0], 0, -1.0)[1] == detector.run(face[0], 0, -1.0)[1]
    assert (saved,) == detector.__getstate__()
    assert kept.read_bytes().endswith(saved)


@pytest.mark.parametrize("spoil", ["a byte", "cut off", "no folder"])
def test_a_detector_that_was_not_kept_whole_is_unpacked_anew(
    detector, tmp_path, monkeypatch, spoil
):
    monkeypatch.setattr(home, "cache", lambda: tmp_path / "new")
    monkeypatch.setattr(dlib, "get_frontal_face_detector", lambda: detector)
    if spoil == "no folder":
        (tmp_path / "new").write_text("a file where the folder belongs")
        assert frontal.detector(dlib)[0] is detector
        return
    frontal.detector(dlib)
    (kept,) = (tmp_path / "new").iterdir()
    whole = kept.read_bytes()
    half = whole[: len(whole) // 2]
    kept.write_bytes(half if spoil == "cut off" else half + b"?" + whole[len(half) + 1 :])
    assert frontal.detector(dlib)[0] is detector
    assert kept.read_bytes() == whole
