import math

import numpy as np
import pytest

from capture.sim import bearing, eyes, noise
from capture.sim.scenario import Passer, Person, Scenario, Walk

pytest.importorskip("capture.sim.head.emotion")
from capture.sim.acting import Player, passer

FPS = 100
SEATED = Person(
    identity=3,
    valence=[(0.0, 0.0), (30.0, 0.8)],
    arousal=Walk(time_constant_s=5.0),
    talking=[(5.0, 15.0)],
    hand=((16.0, 19.0),),
    away=((22.0, 28.0),),
)
SCENARIO = Scenario(seconds=30.0, seed=9, people=(SEATED,))


@pytest.fixture(scope="module")
def player():
    return Player(SCENARIO, 0)


@pytest.fixture(scope="module")
def acted(player):
    return [player.performance(k / FPS) for k in range(30 * FPS)]


def speeds(values):
    return np.abs(np.diff(np.asarray(values), axis=0)) * FPS


def test_every_value_is_within_its_bounds(acted):
    for performance in filter(None, acted):
        assert all(0.0 <= value <= 1.0 for value in performance.units.values())
        assert abs(performance.gaze_yaw_deg) <= 30.0
        assert abs(performance.gaze_pitch_deg) <= 30.0


def test_somebody_who_sits_stays_where_dlib_finds_a_face(acted):
    for performance in acted[: 21 * FPS]:
        forward = performance.head.rotation_matrix @ (0.0, 0.0, -1.0)
        assert math.degrees(math.acos(-forward[2])) < 28.0
        x, y, z = performance.head.translation_mm
        assert abs(x) < 100
        assert abs(y) < 100
        assert 900 < z < 1100


def test_the_head_moves_without_jumps(acted):
    seated = acted[: 21 * FPS]
    assert speeds([p.head.translation_mm for p in seated]).max() < 250  # mm a second
    turns = speeds([p.head.rotation_vector for p in seated])
    assert np.degrees(turns.max()) < 90  # degrees a second: a quick nod


def test_the_face_moves_no_faster_than_a_blink(acted):
    names = sorted(acted[0].units)
    units = np.array([[p.units.get(name, 0.0) for name in names] for p in acted[: 21 * FPS]])
    assert speeds(units).max() < 1.9 / eyes.DOWN_S


def test_any_moment_is_the_same_whichever_was_asked_before(acted):
    again = Player(SCENARIO, 0)
    for k in (2999, 17, 1501, 0, 1250):
        assert again.performance(k / FPS) == acted[k]


def test_another_seed_acts_differently():
    other = Player(Scenario(seconds=30.0, seed=10, people=(SEATED,)), 0)
    assert other.performance(3.0).head != Player(SCENARIO, 0).performance(3.0).head


def test_the_mouth_opens_while_talking_and_only_then(acted):
    jaw = np.array([p.units["jawOpen"] if p else np.nan for p in acted])
    talking, silent = jaw[5 * FPS : 15 * FPS], jaw[: 5 * FPS]
    assert talking.max() > 0.25
    assert talking.max() > silent.max() + 0.15


def test_a_person_leaves_is_gone_and_comes_back(acted):
    gone = np.array([p is None for p in acted])
    inside = gone[23 * FPS + FPS : 26 * FPS]
    assert inside.all()
    assert not gone[: 22 * FPS].any()
    assert not gone[28 * FPS :].any()
    last = next(p for p in reversed(acted[: 25 * FPS]) if p)
    assert last.head.translation_mm[0] > 0.89 * last.head.translation_mm[2] + 200


def test_walking_out_is_no_faster_than_people_walk(acted):
    way = [p.head.translation_mm[0] for p in acted[22 * FPS :] if p]
    speed = speeds(way)
    assert np.sort(speed)[-2] < 1800  # mm a second; the greatest is where they were away


def test_a_hand_comes_before_the_face_and_goes(acted):
    there = np.array([p is not None and p.hand is not None for p in acted])
    assert there[16 * FPS + 1 : 19 * FPS].all()
    assert there.sum() < 3 * FPS + 1
    held = acted[17 * FPS + FPS // 2]
    beside = held.head.inverse().apply(held.hand.translation_mm)
    assert abs(beside[0]) < 60
    assert 0 < beside[1] < 90
    assert -100 < beside[2] < -50
    places = [p.hand.translation_mm for p in acted if p is not None and p.hand is not None]
    assert speeds(places).max() < 2500


def test_lids_close_wholly_and_open_again_in_150_milliseconds():
    key = noise.key(1)
    t_s = np.arange(0, 120, 0.002)
    lids = np.array([eyes.lid(key, t) for t in t_s])
    down = lids > 0
    starts = np.flatnonzero(down[1:] & ~down[:-1])
    ends = np.flatnonzero(~down[1:] & down[:-1])
    assert 25 < len(starts) < 45  # in two minutes
    for start, end in zip(starts, ends, strict=True):
        assert lids[start : end + 2].max() == 1.0
        assert t_s[end] - t_s[start] == pytest.approx(eyes.BLINK_S, abs=0.02)
    gaps_s = np.diff(t_s[starts])
    assert gaps_s.min() > 0.3
    assert gaps_s.std() > 0.8  # no metronome


def test_eyes_rest_most_of_the_time_and_jump_in_between():
    key = noise.key(2)
    looks = np.array([eyes.gaze(key, t) for t in np.arange(0, 120, 0.002)])
    speed = np.abs(np.diff(looks[:, 0])) / 0.002
    assert np.mean(speed == 0) > 0.9
    assert 50 < speed.max() < 800  # degrees a second


def test_eyes_hold_their_aim_while_the_head_turns(player):
    for t_s in (1.0, 3.3, 8.2):
        performance = player.performance(t_s)
        forward = performance.head.rotation_matrix @ (0.0, 0.0, -1.0)
        head_yaw_deg = math.degrees(math.atan2(forward[0], -forward[2]))
        look = eyes.gaze(player._gaze_key, t_s)
        assert head_yaw_deg + performance.gaze_yaw_deg == pytest.approx(look.yaw_deg, abs=0.3)


def test_a_face_turned_right_and_down_points_there():
    head = bearing.Head(0, 0, 1000, yaw_deg=20, pitch_deg=10, roll_deg=0)
    x, y, z = head.pose.rotation_matrix @ (0.0, 0.0, -1.0)
    assert x > 0.3
    assert y > 0.15
    assert z < -0.9


def test_a_head_that_rolls_clockwise_has_its_crown_to_the_right():
    head = bearing.Head(0, 0, 1000, yaw_deg=0, pitch_deg=0, roll_deg=10)
    crown = head.pose.rotation_matrix @ (0.0, -1.0, 0.0)
    assert crown[0] > 0.15


@pytest.mark.parametrize(("heading", "sign"), [("right", 1), ("left", -1)])
def test_somebody_walks_through_from_side_to_side(heading, sign):
    walker = Passer(identity=8, start_s=2.0, seconds=4.0, heading=heading)
    assert passer(walker, 1.9) is None
    assert passer(walker, 6.1) is None
    places = [passer(walker, t).performance.head.translation_mm for t in np.arange(2.05, 6, 0.05)]
    x = sign * np.array(places)[:, 0]
    assert (np.diff(x) > 0).all()
    assert x[0] < -0.89 * 1800
    assert x[-1] > 0.89 * 1800


def test_one_number_alone_is_the_same_as_among_many():
    many = noise.uniform(77, np.arange(-50, 50))
    assert many.tolist() == [noise.chance(77, index) for index in range(-50, 50)]
    assert 0.0 <= many.min() < many.max() < 1.0


def test_wandering_is_smooth_and_about_one_in_size():
    values = np.array([noise.wander(5, t, 2.0) for t in np.arange(0, 1000, 0.05)])
    assert values.std() == pytest.approx(1.0, abs=0.1)
    assert np.abs(np.diff(values)).max() / 0.05 < 5.5 / 2.0
