"""Which pictures a clip shows, of which stretch, and which part of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate_web.media import reference
from annotate_web.media.add import names_for
from annotate_web.media.reference import Reference
from annotate_web.media.slots import PERIOD_NS, parts, slots_of
from annotate_web.media.stretch import seconds, stretches
from annotate_web.media.window import around, centred
from taver.core.clock import NS_PER_S
from taver.core.errors import InputError, NotFoundError
from taver.core.session.manifest import Phase

START = 1_790_000_000_000_000_000


def taken(*tenths, jitter_ns=0, seed=0):
    """Return when pictures were taken: in these tenths of a second, more or less."""
    rng = np.random.default_rng(seed)
    off = rng.integers(-jitter_ns, jitter_ns + 1, len(tenths)) if jitter_ns else 0
    return START + np.array(tenths, np.int64) * PERIOD_NS + off


def all_of(times):
    return slots_of(times, int(times[0]), int(times[-1]) + 1)


@given(st.integers(2, 300), st.integers(0, 10**8), st.integers(0, 2**32 - 1))
def test_a_camera_of_ten_pictures_a_second_has_one_in_each_slot_whatever_its_phase(
    count, phase_ns, seed
):
    times = taken(*range(count), jitter_ns=15_000_000, seed=seed) + phase_ns
    slots = all_of(np.sort(times))
    assert np.array_equal(slots.frames, np.arange(count))
    assert np.array_equal(slots.unix_ns, times)
    assert not slots.held.any()


def test_a_slot_without_a_picture_holds_the_one_before_and_has_a_time_of_its_own():
    slots = all_of(taken(0, 1, 2, 6, 7, jitter_ns=9_000_000))
    assert slots.frames.tolist() == [0, 1, 2, 2, 2, 2, 3, 4]
    assert slots.held.tolist() == [False] * 3 + [True] * 3 + [False] * 2
    assert (np.diff(slots.unix_ns) > 0).all()
    assert abs(int(slots.unix_ns[4]) - (START + 4 * PERIOD_NS)) < 10_000_000


def test_of_thirty_pictures_a_second_the_nearest_to_each_tenth_is_shown():
    times = START + np.arange(90, dtype=np.int64) * NS_PER_S // 30
    slots = all_of(times)
    assert len(slots) in {30, 31}
    assert (np.diff(slots.frames) == 3).all()


def test_a_clock_that_runs_slow_loses_no_time():
    times = START + np.arange(2400, dtype=np.int64) * 100_100_000
    slots = all_of(times)
    assert abs(len(slots) - 2402) <= 1
    assert (np.diff(slots.unix_ns) > 0).all()
    even = slots.unix_ns[0] + np.arange(len(slots)) * PERIOD_NS
    assert np.abs(slots.unix_ns - even).max() < 1.1 * PERIOD_NS


@given(st.lists(st.integers(0, 4 * NS_PER_S), min_size=1, max_size=60, unique=True).map(sorted))
def test_times_of_slots_always_increase_and_shown_pictures_never_go_back(offsets):
    times = START + np.array(offsets, np.int64)
    slots = all_of(times)
    assert (np.diff(slots.unix_ns) > 0).all()
    assert (np.diff(slots.frames) >= 0).all()
    own = ~slots.held
    assert np.array_equal(slots.unix_ns[own], times[slots.frames[own]])


def test_a_stretch_without_pictures_is_refused():
    with pytest.raises(InputError, match="No picture"):
        slots_of(taken(0, 1, 2), START + 10 * NS_PER_S, START + 20 * NS_PER_S)


def test_long_stretches_are_split_into_equal_parts_that_leave_nothing_out():
    slots = all_of(taken(*range(1450)))
    pieces = parts(slots, 1.0)
    assert [len(piece) for piece in pieces] == [483, 483, 484]
    assert np.array_equal(np.concatenate([p.unix_ns for p in pieces]), slots.unix_ns)
    assert len(parts(slots, 4.0)) == 1
    with pytest.raises(InputError):
        parts(slots, 0.0)
    with pytest.raises(InputError):
        parts(slots, float("nan"))


@pytest.mark.parametrize(
    ("typed", "meant"), [("90", 90), ("1:30", 90), ("1:02:03.5", 3723.5), (" 0.25 ", 0.25)]
)
def test_moments_are_typed_as_seconds_or_as_a_clock(typed, meant):
    assert seconds(typed, "--from") == meant


@pytest.mark.parametrize("typed", ["", "a", "-1", "1:", "1:2:3:4", "1,5", "٣"])
def test_what_is_no_moment_is_told(typed):
    with pytest.raises(InputError, match="--to"):
        seconds(typed, "--to")


class Told:
    """As much of a manifest as is looked at."""

    name = "s01"

    def __init__(self, *phases):
        self.phases = phases


def phase(name, start_s, end_s=None):
    end = None if end_s is None else START + end_s * NS_PER_S
    return Phase(name=name, start_unix_ns=START + start_s * NS_PER_S, end_unix_ns=end)


def cut(manifest, **more):
    found = stretches(manifest, START, START + 100 * NS_PER_S, **more)
    return [
        ((one.from_unix_ns - START) / NS_PER_S, (one.until_unix_ns - START) / NS_PER_S)
        for one in found
    ]


def test_a_phase_is_taken_each_time_it_came_and_a_running_one_until_the_end():
    manifest = Told(phase("rest", 0, 10), phase("talk", 10, 20), phase("rest", 20))
    assert cut(manifest, phase="talk") == [(10, 20)]
    assert cut(manifest, phase="rest") == [(0, 10), (20, pytest.approx(100))]
    assert cut(manifest, phase="talk", from_s=2, to_s=5) == [(12, 15)]
    assert cut(manifest, phase="talk", to_s=50) == [(10, 20)]


def test_what_cannot_be_cut_is_told():
    manifest = Told(phase("rest", 0, 10), phase("rest", 20))
    with pytest.raises(InputError, match="2 times"):
        cut(manifest, phase="rest", from_s=1)
    with pytest.raises(NotFoundError, match="it has: rest"):
        cut(manifest, phase="talk")
    with pytest.raises(InputError, match=r"100\.0 s long"):
        cut(manifest, from_s=200)
    with pytest.raises(InputError):
        cut(manifest, from_s=5, to_s=5)


def test_of_a_kinect_the_part_is_shown_that_depth_has_too():
    assert tuple(centred(1920, 1080)) == (256, 144, 1408, 792)
    small = centred(192, 108)
    assert small.width_px % 2 == small.height_px % 2 == 0
    with pytest.raises(InputError):
        centred(12, 8)


def test_a_face_is_shown_with_room_wherever_it_goes():
    boxes = np.array([[800, 300, 1000, 560], [900, 320, 1100, 580], [np.nan] * 4], float)
    left, top, wide, high = around(boxes, 1920, 1080)
    assert left < 720
    assert top < 200
    assert left + wide > 1180
    assert top + high > 680
    assert wide % 2 == high % 2 == 0
    edge = around(np.array([[0.0, 0.0, 300.0, 300.0]]), 1920, 1080)
    assert (edge.left_px, edge.top_px) == (0, 0)
    with pytest.raises(InputError, match="No face"):
        around(boxes[2:], 1920, 1080)


def test_names_of_clips_are_free_and_fit_everywhere():
    assert names_for("s01-interview", 1, set()) == ["s01-interview"]
    assert names_for("s01-interview", 1, {"S01-Interview"}) == ["s01-interview-1"]
    assert names_for("s01", 3, {"s01-2"}) == ["s01-1", "s01-3", "s01-4"]
    assert names_for("s01-면담 eins/zwei", 1, set()) == ["s01-eins-zwei"]


def test_a_reference_holds_its_values_from_their_moments_on():
    seconds_at = np.array([0.1, 0.35])
    kept = Reference(seconds_at, np.array([1.0, 2.0]), np.array([-1.0, -2.0]), 3.0).at(5, 10)
    assert kept == {"arousal": [None, 1, 1, 1, 2], "valence": [None, -1, -1, -1, -2], "within": 3.0}


def test_a_reference_says_nothing_where_its_file_is_empty_and_may_lie_in_any_folder(tmp_path):
    path = tmp_path / "mine@home.csv"
    path.write_text("time_s,arousal,valence\n0,1,2\n0.2,,3\n")
    for text, within in ((str(path), 3.0), (f"{path}@2.5", 2.5)):
        kept = reference.given(text).at(3, 10)
        assert kept == {"arousal": [1, 1, None], "valence": [2, 2, 3], "within": within}
