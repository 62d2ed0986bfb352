"""Frames are chosen live as the core's grid chooses them afterwards, by when they were taken."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capture.recorder.moments import Moments
from capture.recorder.slots import Slots
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import Stamp
from taver.core.grid import fill_grid

PERIOD_NS = NS_PER_S // 10


def chosen(frame_ns, start_ns, rate_hz, end_ns=None):
    """Return the indexes of the frames that were kept, and of those that were not."""
    slots, kept, spare = Slots(start_ns, rate_hz), [], []
    settled = [slots.offer(when_ns, index) for index, when_ns in enumerate(frame_ns)]
    settled.append(slots.flush_before(end_ns if end_ns is not None else 2**62))
    for one in settled:
        kept += one.kept
        spare += one.spare
    return kept, spare


@st.composite
def streams(draw):
    """Times that rise, often exactly on slots, between them, and twice the same."""
    rate_hz = draw(st.sampled_from([1, 3, 7, 10, 30, 999]))
    period_ns = NS_PER_S // rate_hz
    steps = draw(
        st.lists(
            st.sampled_from([0, 1, period_ns // 2, period_ns // 2 + 1, period_ns])
            | st.integers(0, 3 * period_ns),
            max_size=30,
        )
    )
    first_ns = draw(st.integers(-2 * period_ns, 2 * period_ns))
    start_ns = draw(st.sampled_from([0, 1_753_000_000 * NS_PER_S]))
    return rate_hz, start_ns, (start_ns + first_ns + np.cumsum([0, *steps])).tolist()


@settings(max_examples=300)
@given(streams())
@example((3, 0, [166_666_666, 166_666_667, 500_000_000]))
@example((10, 0, [-50_000_000, 50_000_000, 50_000_001]))
def test_live_the_same_frames_are_chosen_as_afterwards(stream):
    rate_hz, start_ns, frame_ns = stream
    kept, spare = chosen(frame_ns, start_ns, rate_hz)
    count = max(0, (frame_ns[-1] - start_ns) * rate_hz // NS_PER_S + 2)
    grid = fill_grid(frame_ns, start_ns=start_ns, count=count, rate_hz=rate_hz)
    assert kept == grid.frame_index[grid.filled].tolist()
    assert sorted(kept + spare) == list(range(len(frame_ns)))  # each exactly once


@settings(max_examples=100)
@given(streams(), st.integers(0, 5 * NS_PER_S))
def test_the_last_slot_is_the_last_one_before_the_end(stream, length_ns):
    rate_hz, start_ns, frame_ns = stream
    end_ns = start_ns + length_ns
    before_end = [when_ns for when_ns in frame_ns if when_ns < end_ns]
    kept, spare = chosen(before_end, start_ns, rate_hz, end_ns)
    count = -(-length_ns * rate_hz // NS_PER_S)
    grid = fill_grid(before_end, start_ns=start_ns, count=count, rate_hz=rate_hz)
    inside = [k for k in kept if k in grid.frame_index]
    # Rounded to nanoseconds a slot may lie at the end itself.
    assert inside == grid.frame_index[grid.filled].tolist()
    assert len(kept) - len(inside) <= 1
    assert sorted(kept + spare) == list(range(len(before_end)))


def test_a_frame_behind_its_slot_waits_for_no_other():
    slots = Slots(0, 10)
    assert slots.offer(-1 * NS_PER_MS, "before").kept == ()
    assert slots.offer(2 * NS_PER_MS, "behind") == ((("before",)), ("behind",))
    assert slots.offer(103 * NS_PER_MS, "next").kept == ("next",)


def test_times_that_go_back_fill_no_slot_twice():
    kept, spare = chosen(
        [0, 100 * NS_PER_MS, 1 * NS_PER_MS, 99 * NS_PER_MS, 200 * NS_PER_MS], 0, 10
    )
    assert kept == [0, 1, 4]
    assert spare == [2, 3]


def arrivals(seed, drift_ppm, count=900, rate_hz=30):
    """Return when frames were taken, by both clocks, and when they arrived."""
    random = np.random.default_rng(seed)
    device_ns = np.arange(count) * NS_PER_S // rate_hz
    taken_ns = 5 * NS_PER_S + np.rint(device_ns * (1 + drift_ppm * 1e-6)).astype(np.int64)
    late_ns = (NS_PER_MS * (1 + random.exponential(4, count))).astype(np.int64)
    late_ns[random.random(count) < 0.03] += 25 * NS_PER_MS
    return device_ns, taken_ns, np.maximum.accumulate(taken_ns + late_ns)


def smoothed(device_ns, arrived_ns):
    moments = Moments()
    return np.array(
        [
            moments.host_ns(Stamp(host_ns=int(a), device_ns=int(d), number=n))
            for n, (a, d) in enumerate(zip(arrived_ns, device_ns, strict=True))
        ]
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(-100, 100))
def test_a_frame_that_came_late_was_taken_when_its_device_says(seed, drift_ppm):
    device_ns, taken_ns, arrived_ns = arrivals(seed, drift_ppm)
    error_ns = smoothed(device_ns, arrived_ns) - (taken_ns + NS_PER_MS)  # 1 ms is the fastest way
    settled = error_ns[60:]
    assert np.abs(settled).max() < 2.5 * NS_PER_MS
    assert np.abs(arrived_ns - taken_ns).max() > 20 * NS_PER_MS


def test_frames_are_chosen_by_when_they_were_taken_and_not_by_when_they_came():
    device_ns, taken_ns, arrived_ns = arrivals(seed=4, drift_ppm=60)
    count = 299
    grids = {
        name: fill_grid(times, start_ns=5 * NS_PER_S, count=count, rate_hz=10)
        for name, times in (
            ("true", taken_ns + NS_PER_MS),
            ("smoothed", smoothed(device_ns, arrived_ns)),
            ("arrived", arrived_ns),
        )
    }
    wrong = {
        name: int((grid.frame_index != grids["true"].frame_index).sum())
        for name, grid in grids.items()
    }
    assert wrong["smoothed"] <= count * 0.03
    assert wrong["arrived"] > 5 * max(1, wrong["smoothed"])


def test_without_a_clock_of_its_own_a_device_is_taken_at_its_word():
    assert Moments().host_ns(Stamp(host_ns=17, device_ns=None, number=0)) == 17


def test_a_device_whose_clock_jumps_is_followed():
    moments = Moments()
    for n in range(10):
        moments.host_ns(Stamp(host_ns=n * PERIOD_NS, device_ns=n * PERIOD_NS, number=n))
    jumped = Stamp(host_ns=10 * PERIOD_NS, device_ns=7, number=10)
    assert moments.host_ns(jumped) == 10 * PERIOD_NS
