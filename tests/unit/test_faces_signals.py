"""What a frame tells besides where the face is, and what is drawn of it."""

import numpy as np
import pytest

from taver.core.camera import Camera
from taver.core.pose import Pose
from taver.faces import align, head_pose, regions, signals
from taver.faces.identity import STRANGER, Identities, grouped
from taver.faces.points import COUNT, INNER, mean_mm
from taver.faces.schema import SCHEMA
from taver.faces.seen import timeline
from taver.faces.seen.draw import Rows
from taver.faces.seen.page import WORST, worst
from taver.faces.state import State
from taver.faces.table import table_of

CAMERA = Camera(width_px=1920, height_px=1080, fx_px=1081.0, fy_px=1081.0, cx_px=959.5, cy_px=539.5)


def seen_at(yaw_deg, pitch_deg, roll_deg, place=(30.0, -20.0, 1000.0)):
    """Return where the mean face's points are seen when it is turned so."""
    turn = (
        Pose.from_rotation_vector((0, np.radians(yaw_deg), 0))
        @ Pose.from_rotation_vector((np.radians(pitch_deg), 0, 0))
        @ Pose.from_rotation_vector((0, 0, np.radians(roll_deg)))
    )
    pose = Pose.from_matrix(turn.rotation_matrix, np.array(place))
    return CAMERA.project(pose.apply(mean_mm()))


@pytest.mark.parametrize("angles", [(0, 0, 0), (25, 0, 0), (-20, 10, 5), (5, -12, -10)])
def test_a_turned_head_is_measured_as_it_was_turned(angles):
    landmarks = seen_at(*angles)[None]
    found = head_pose.poses(landmarks, CAMERA)
    measured = (found.yaw_deg[0], found.pitch_deg[0], found.roll_deg[0])
    assert measured == pytest.approx(angles, abs=0.05)
    assert found.head_mm[0] == pytest.approx((30.0, -20.0, 1000.0), abs=0.5)


def test_no_pose_near_by_fits_the_points_better():
    rng = np.random.default_rng(4)
    landmarks = np.stack([seen_at(yaw, yaw / 2, 3) for yaw in (0, 4, 9, 30)])
    landmarks += rng.normal(0, 2.0, landmarks.shape)
    found = head_pose.poses(landmarks, CAMERA)
    chosen = list(head_pose._POINTS)
    model, flat = mean_mm()[chosen], CAMERA.rays(landmarks[:, chosen])[..., :2]

    def error(rotation, place, seen):
        points = model @ rotation.T + place
        return ((points[:, :2] / points[:, 2:] - seen) ** 2).sum()

    for rotation, place, seen in zip(found.rotation, found.head_mm, flat, strict=True):
        least = error(rotation, place, seen)
        for step in [*np.eye(6), *-np.eye(6), *rng.normal(size=(40, 6))]:
            turn = Pose.from_rotation_vector(1e-4 * step[:3]).rotation_matrix
            assert error(turn @ rotation, place + 0.1 * step[3:], seen) > least


def test_a_head_turned_to_the_pictures_left_has_its_nose_there():
    straight, turned = seen_at(0, 0, 0), seen_at(15, 0, 0)
    assert turned[30, 0] < straight[30, 0]
    assert head_pose.poses(turned[None], CAMERA).yaw_deg[0] > 0


def test_a_lost_frame_has_no_pose_and_does_not_disturb_the_next():
    landmarks = np.stack([seen_at(3, 0, 0), np.full((COUNT, 2), np.nan), seen_at(8, 0, 0)])
    found = head_pose.poses(landmarks, CAMERA)
    assert np.isnan(found.yaw_deg[1])
    assert np.isnan(found.rotation[1]).all()
    assert found.yaw_deg[2] == pytest.approx(8, abs=0.05)


def test_an_eye_that_closes_and_a_mouth_that_opens_are_told():
    face = align.template(300)
    shut, wide = face.copy(), face.copy()
    shut[[37, 38, 41, 40], 1] = face[[36, 39], 1].mean()
    wide[[65, 66, 67], 1] += 30
    assert signals.eye_opening(face)[0] > 0.2
    assert signals.eye_opening(shut)[0] < 0.05
    assert signals.eye_opening(shut)[1] == pytest.approx(signals.eye_opening(face)[1])
    assert signals.mouth_opening(wide) > signals.mouth_opening(face) + 0.3


def test_openings_do_not_depend_on_how_large_or_turned_a_face_is():
    from taver.faces import similarity

    face = align.template(300)
    turned = similarity.apply(np.array([[1.2, -0.7, 40.0], [0.7, 1.2, 9.0]]), face)
    assert signals.eye_opening(turned) == pytest.approx(signals.eye_opening(face))


def test_blur_and_darkness_are_told():
    import cv2

    rng = np.random.default_rng(2)
    sharp = cv2.resize(rng.integers(20, 235, (50, 50), np.uint8), (100, 100))
    soft = cv2.GaussianBlur(sharp, (0, 0), 3)
    assert signals.look_of(soft).sharpness < 0.5 * signals.look_of(sharp).sharpness
    black = signals.look_of(np.zeros((100, 100), np.uint8))
    assert (black.exposure, black.clipped, black.sharpness) == (0.0, 1.0, 0.0)


def test_a_hand_before_the_mouth_is_the_share_that_it_covers():
    expected = np.tile(mean_mm()[:, 2] + 1000.0, (3, 1))
    z = expected + 40.0  # a face farther away than the mean one would be
    z[1, 48:68] -= 75.0
    z[2] = np.nan
    covered = signals.occlusion(z, expected)
    assert covered[0] == 0.0
    assert covered[1] == pytest.approx(20 / len(INNER))
    assert np.isnan(covered[2])


@pytest.fixture
def warm_face():
    """A thermal picture with a cool nose, and where the points are in it."""
    landmarks = align.template(220) + np.array([200.0, 120.0])
    kelvin = np.full((512, 640), 307.0, np.float32)
    x, y = np.rint(landmarks[30]).astype(int)
    kelvin[y - 12 : y + 16, x - 12 : x + 12] = 303.0
    return kelvin, landmarks


def test_a_cool_nose_is_measured_at_the_nose(warm_face):
    told = regions.warmth(*warm_face)
    assert set(told) == set(regions.REGIONS)
    assert told["nose_tip"].mean_k == pytest.approx(303.0, abs=0.3)
    for name in ("forehead", "cheek_left", "cheek_right", "periorbital_left"):
        assert told[name].mean_k == pytest.approx(307.0)
        assert told[name].pixels > 50


def test_regions_lie_where_their_names_say(warm_face):
    _, landmarks = warm_face
    middle = {name: regions.corners(name, landmarks).mean(axis=0) for name in regions.REGIONS}
    assert middle["forehead"][1] < landmarks[19, 1]
    assert middle["cheek_left"][0] < middle["nose_tip"][0] < middle["cheek_right"][0]
    assert middle["perioral"][1] > middle["nose_tip"][1]
    assert middle["cheek_left"][1] > middle["periorbital_left"][1]


def test_a_region_whose_corner_is_not_seen_has_no_temperature(warm_face):
    kelvin, landmarks = warm_face
    landmarks = landmarks.copy()
    landmarks[18] = np.nan  # a brow
    landmarks[:17] = np.nan  # the jaw, which only cheeks need
    told = regions.warmth(kelvin, landmarks)
    assert np.isnan(told["forehead"].mean_k)
    assert np.isnan(told["cheek_left"].mean_k)
    assert np.isfinite(told["nose_tip"].mean_k)


def test_a_region_that_reaches_out_of_the_picture_has_no_temperature(warm_face):
    kelvin, landmarks = warm_face
    told = regions.warmth(kelvin, landmarks - (0.0, 150.0))
    assert np.isnan(told["forehead"].mean_k)
    assert np.isfinite(told["perioral"].mean_k)


class ByFirst:
    """Tells people by their portrait's first pixel."""

    def features(self, portrait):
        return np.array([float(portrait[0, 0])])


def test_the_participant_is_told_from_a_stranger_and_from_somebody_known():
    known = Identities(ByFirst(), np.array([[1.0], [1.1]]), (np.array([[1.5]]),))
    assert known.fits(np.array([[1.2]]))
    assert not known.fits(np.array([[1.4]]))  # more like the other
    assert not known.fits(np.array([[0.0]]))  # like nobody


def test_faces_are_grouped_to_people_who_are_in_a_frame_once():
    frames = [0, 0, 1, 1, 2]
    features = [np.array([v]) for v in (0.0, 0.3, 0.32, 0.05, 0.28)]
    assert grouped(frames, features) == [[0, 3], [1, 2, 4]]
    apart = [np.array([0.0]), np.array([STRANGER + 0.1])]
    assert grouped([0, 1], apart) == [[0], [1]]


def test_the_frames_it_is_least_sure_of_are_not_all_of_one_moment():
    confidence = np.full(400, 0.9)
    confidence[100:140] = 0.1
    rows = Rows(np.full(400, State.TRACKED), confidence, {}, {})
    chosen = worst(rows)
    assert len(chosen) == WORST
    assert min(np.diff(chosen)) >= 5
    assert sum(100 <= row < 140 for row in chosen) == 8


@pytest.mark.parametrize("count", [1, 7, 5000])
def test_a_time_line_shows_a_single_lost_frame(count):
    state = np.full(count, State.TRACKED, np.uint8)
    state[count // 2] = State.LOST
    times = np.arange(count, dtype=np.int64) * 100_000_000
    drawn = timeline.drawn(state, np.full(count, 0.5, np.float32), times)
    assert drawn.count("var(--bad)") == 1


def test_the_table_leaves_empty_what_is_not_known():
    columns = {name: np.full((2, *row.shape), np.nan) for name, row in SCHEMA.items()}
    columns |= {"state": np.array([0, 2]), "number": np.array([4, 5])}
    text = table_of(columns, {"nose_tip_k": np.array([np.nan, 305.123456])}, True).decode()
    first, second = text.splitlines()[1:]
    assert first.startswith("4,")
    assert ",lost," in first
    assert first.endswith(",,True")
    assert second.endswith(",305.1235,True")
    assert "nan" not in text
