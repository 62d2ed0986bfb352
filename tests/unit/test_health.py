"""Warnings: each is true, says what to do, comes once, and goes when all is well again."""

import numpy as np
import pytest
from desks import device, picture, status, stream, warm
from hypothesis import given
from hypothesis import strategies as st

from capture.desk.health import depth, face, flow, heat
from capture.desk.health.face import Box
from capture.desk.health.finding import Finding, Level, graded
from capture.desk.health.latch import CLEARED_AFTER_S, RAISED_AFTER_S, Latch
from capture.desk.health.watch import Watch
from taver.core.frames import FrameStatus, Modality

MIDDLE = Box(left=0.45, top=0.4, right=0.55, bottom=0.6)
GREY = np.full((270, 480, 3), 120, np.uint8)


def finding(level):
    return Finding(about="x", level=level, text="x", fix="y")


LEVELS = st.lists(st.tuples(st.floats(0.05, 2.0), st.sampled_from(Level)), max_size=60)


@given(LEVELS)
def test_a_warning_comes_and_goes_in_turns_and_never_before_its_time(steps):
    latch, now_s, told, since = Latch(), 0.0, [], {}
    for wait_s, level in steps:
        now_s += wait_s
        for other in Level:
            since[other] = since.get(other) if other is level else None
        since[level] = now_s if since[level] is None else since[level]
        for changed in latch.hear([finding(level)], now_s):
            assert changed.level is level
            patience_s = RAISED_AFTER_S if level is Level.BAD else CLEARED_AFTER_S
            assert now_s - since[level] >= patience_s - 1e-9
            told.append(level)
    assert told == [Level.BAD if n % 2 == 0 else Level.GOOD for n in range(len(told))]
    assert bool(latch.raised) == (len(told) % 2 == 1)


@given(st.lists(st.sampled_from([Level.UNSURE, Level.BAD]), max_size=40))
def test_what_is_neither_well_nor_wrong_ends_no_warning(levels):
    latch = Latch()
    for now_s in (0.0, 3.0):
        latch.hear([finding(Level.BAD)], now_s)
    assert latch.raised
    for number, level in enumerate(levels):
        assert latch.hear([finding(level)], 4.0 + number) == []
    assert latch.raised


def test_a_raised_warning_shows_its_newest_figures():
    latch = Latch()
    for number in range(4):
        latch.hear([Finding(about="x", level=Level.BAD, text=f"{number}")], float(number))
    assert [raised.text for raised in latch.raised] == ["3"]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 2))
def test_grades_know_which_way_is_better(good, bad, value):
    level = graded(value, good=good, bad=bad)
    better = value <= good if good <= bad else value >= good
    assert (level is Level.GOOD) == better


def test_a_kinect_in_dim_light_is_recognised_and_a_slow_one_is_not_taken_for_it():
    dim = flow.rate(stream(Modality.COLOR, rate_hz=15.0), 30.0)
    assert dim.level is Level.BAD
    assert "too dark" in dim.text
    assert "66 ms" in dim.text
    slow = flow.rate(stream(Modality.DEPTH, rate_hz=15.0), 30.0)
    assert slow.level is Level.BAD
    assert "dark" not in slow.text
    assert flow.rate(stream(Modality.COLOR, rate_hz=29.4), 30.0).level is Level.GOOD
    assert flow.rate(stream(Modality.COLOR, rate_hz=14.9), 15.0).level is Level.GOOD


def test_frames_that_the_grid_did_not_want_are_no_loss():
    lost = stream(Modality.COLOR, dropped={"not on the grid": 200, "queue full": 3})
    assert flow.losses(lost) == {"queue full": 3}
    assert flow.drops(lost, {"not on the grid": 0}, 5.0).level is Level.BAD
    assert flow.drops(lost, {"queue full": 3}, 5.0).level is Level.GOOD


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"skew_ms": 80.0}, "skew"),
        ({"clock_error_us": 3000.0}, "clock here"),
        ({"minutes_left_on_disk": 10.0}, "disk"),
    ],
)
def test_what_is_wrong_with_the_whole_is_told_with_a_fix(given, about):
    watch = Watch((device(),), None)
    found = {f.about: f for f in watch.findings(status(**given), {}, 1.0)}
    assert found[about].level is Level.BAD
    assert found[about].fix
    well = {f.about: f for f in watch.findings(status(), {}, 2.0)}
    assert {f.level for f in well.values()} == {Level.GOOD}


def test_a_queue_that_fills_is_told_before_it_is_full():
    assert flow.queue(stream(Modality.COLOR, queued=40)).level is Level.BAD
    assert flow.queue(stream(Modality.COLOR, queued=20)).level is Level.UNSURE
    assert flow.queue(stream(Modality.COLOR, queued=2)).level is Level.GOOD
    assert flow.queue(stream(Modality.COLOR, queue_size=0)) is None


def test_drops_are_told_while_they_go_on_and_well_again_after():
    watch = Watch((device(),), None)
    told, lost = [], 0
    for second in range(30):
        lost += 5 if second < 6 else 0
        now = status(stream(Modality.COLOR, dropped={"queue full": lost}), elapsed_s=60.0 + second)
        told += [(second, f.level) for f in watch.look(now, {}, float(second))]
    assert [level for _, level in told] == [Level.BAD, Level.GOOD]


@pytest.mark.parametrize("distance_mm", [700.0, 1000.0, 2000.0])
def test_the_face_is_found_in_the_depth_picture_by_the_rigs_own_geometry(distance_mm):
    """The simulated rig's cameras stand where a Kinect's do; its boxes must fall together."""
    from capture.sim.rig import standard_rig

    rig = standard_rig()
    corners = np.array([(-75.0, -90.0, distance_mm), (75.0, 90.0, distance_mm)])
    size = np.array([1920, 1080]), np.array([512, 424])
    color = rig.color.camera.project(corners) / size[0]
    there = rig.ir.camera.project(rig.ir.from_color.apply(corners)) / size[1]
    box = Box(left=color[0, 0], top=color[0, 1], right=color[1, 0], bottom=color[1, 1])
    carried = depth.on_depth(box, distance_mm)
    told = np.array([(carried.left, carried.top), (carried.right, carried.bottom)])
    face_width = there[1, 0] - there[0, 0]
    assert np.abs(told - there).max() < 0.15 * face_width


def test_depth_on_the_face_is_measured_on_the_face_and_not_beside_it():
    near = depth.on_depth(MIDDLE, 1000.0)
    picture_mm = np.full((212, 256), 3000, np.uint16)
    rows = slice(int(near.top * 212), int(near.bottom * 212) + 1)
    columns = slice(int(near.left * 256), int(near.right * 256) + 1)
    picture_mm[rows, columns] = 1000
    found = depth.judged(MIDDLE, picture_mm)
    assert found.level is Level.GOOD
    assert "1.00 m" in found.text
    picture_mm[rows, columns] = 0
    picture_mm[picture_mm == 3000] = 0
    assert depth.judged(MIDDLE, picture_mm).level is Level.BAD


@pytest.mark.parametrize(
    ("counts", "level", "told"),
    [
        (warm(34.0), Level.GOOD, "34.0"),
        (warm(34.0, share=0.0), Level.BAD, "nothing as warm as skin"),
        (warm(70.0), Level.BAD, "hotter than any skin"),
        (warm(34.0) // 10, Level.BAD, "no room is like that"),
    ],
)
def test_temperatures_are_judged_as_people_know_them(counts, level, told):
    found = heat.judged(counts, "0.04 K")
    assert found.level is level
    assert told in found.text
    assert found.fix or level is Level.GOOD


@pytest.mark.parametrize("unit", ["ir", "mm", "0 K", "K", "x K", ""])
def test_counts_that_are_no_kelvin_are_not_judged(unit):
    assert heat.judged(warm(), unit) is None


def looked(glimpses):
    standing = heat.standing(glimpses[0])
    for each in glimpses[1:]:
        standing = standing.after(each)
    return standing.judged().level


def test_a_frozen_thermal_picture_is_told_a_shutter_and_a_missing_frame_are_not():
    same = warm()
    frozen = [picture(Modality.THERMAL, same, number) for number in range(8)]
    assert looked(frozen) is Level.BAD
    alive = [picture(Modality.THERMAL, warm(seed=number), number) for number in range(8)]
    assert looked(alive) is Level.GOOD
    shutter = [
        picture(Modality.THERMAL, same, number, status=FrameStatus.FROZEN) for number in range(8)
    ]
    assert looked(shutter) is Level.GOOD
    assert looked([frozen[0]] * 8) is Level.GOOD  # the newest is the same one: nothing is known


def test_without_the_detector_no_face_is_claimed_and_none_missed():
    watch = Watch((device(),), None)
    found = watch.findings(status(), {Modality.COLOR: picture(Modality.COLOR, GREY)}, 1.0)
    assert face.ABOUT not in {f.about for f in found}


def test_a_face_that_leaves_is_told_once_and_its_return_too():
    seen = [MIDDLE] * 3 + [None] * 6 + [MIDDLE] * 8
    watch = Watch((device(),), lambda _: seen.pop(0))
    pictures = {Modality.COLOR: picture(Modality.COLOR, GREY)}
    told = [
        change
        for second in range(17)
        for change in watch.look(status(), pictures, float(second))
        if change.about == face.ABOUT
    ]
    assert [change.level for change in told] == [Level.BAD, Level.GOOD]
    assert "has left" in told[0].text
    assert told[0].fix


def test_a_real_detector_finds_a_simulated_face_and_loses_it(needs):
    detector = face.detector()
    needs(detector is not None, "dlib", install="pip install 'taver[faces]'")
    from capture.sim import world

    needs(world.missing() is None, "the simulated rig", install=str(world.missing()))
    from capture.drivers.sim import SimConfig, SimDriver
    from taver.core.clock import VirtualClock

    driver = SimDriver(SimConfig(modalities=(Modality.COLOR, Modality.DEPTH)), VirtualClock())
    driver.open()
    driver.start(0)
    frames = driver.frames()
    taken = {frame.modality: frame for frame in (next(frames), next(frames))}
    driver.close()
    color = picture(Modality.COLOR, taken[Modality.COLOR].pixels)
    for _ in range(2):  # everywhere, then near where it was
        box = detector(color.pixels)
        assert box is not None
        assert 0.4 < (box.left + box.right) / 2 < 0.6
    assert detector(GREY) is None
    distances = picture(Modality.DEPTH, taken[Modality.DEPTH].pixels)
    assert depth.judged(box, distances.pixels).level is Level.GOOD


def test_where_nobody_is_expected_neither_face_nor_warm_skin_is_missed():
    watch = Watch((device(),), lambda _: None, person=False)
    pictures = {
        Modality.COLOR: picture(Modality.COLOR, GREY),
        Modality.THERMAL: picture(Modality.THERMAL, warm(share=0.0)),
    }
    told = {f.about for f in watch.findings(status(), pictures, 1.0)}
    assert not told & {face.ABOUT, heat.WARMTH}
    assert heat.STANDSTILL in told
