"""Traces at frame times: values hold, gaps are closed as far as is wanted and no farther."""

import numpy as np
import pytest
import rated
from hypothesis import given, settings
from hypothesis import strategies as st

from taver.core.errors import InputError
from taver.labels.resample import Fill, closed, held, resampled
from taver.labels.scale import centred, scaled
from taver.labels.trace import Trace

NAN = float("nan")
TIMES = rated.frame_times(10)
VALUES = st.lists(st.one_of(st.integers(-10, 10).map(float), st.just(NAN)), min_size=1, max_size=40)


def trace(*pairs):
    """Return a trace of (tenths of a second, value)."""
    return Trace(
        np.array([TIMES[0] + round(at * rated.STEP_NS) for at, _ in pairs], dtype=np.int64),
        np.array([value for _, value in pairs], dtype=np.float64),
    )


def test_a_value_holds_until_the_next_and_there_is_none_before_the_first():
    found = held(trace((2.0, 5), (4.5, 6), (4.6, 7), (7.0, NAN), (8.0, 1)), TIMES)
    np.testing.assert_array_equal(found, [NAN, NAN, 5, 5, 5, 7, 7, NAN, 1, 1])


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_values_at_frames_come_back_from_the_trace_they_make(values):
    times = rated.frame_times(len(values))
    np.testing.assert_array_equal(held(rated.trace(values, times), times), values)


@given(VALUES, st.sampled_from(list(Fill)), st.floats(0, 3))
@settings(max_examples=200, deadline=None)
def test_closing_gaps_changes_nothing_that_was_said_and_tells_what_it_filled(values, fill, gap_s):
    raw, times = np.array(values), rated.frame_times(len(values))
    track = closed(raw, times, gap_s=gap_s, fill=fill)
    said = ~np.isnan(raw)
    np.testing.assert_array_equal(track.values[said], raw[said])
    np.testing.assert_array_equal(track.filled, np.isnan(raw) & ~np.isnan(track.values))
    np.testing.assert_array_equal(track.raw, raw)
    for start in np.flatnonzero(track.filled & ~np.roll(track.filled, 1)):
        behind = next((n for n in range(start, len(raw)) if said[n]), len(raw) - 1)
        assert (behind - (start - 1)) * 0.1 <= gap_s + 1e-9 or start == 0


def test_a_line_goes_straight_through_a_gap_and_holding_stands_still():
    raw = np.array([0, NAN, NAN, 3, NAN, NAN, NAN, NAN, 9, NAN])
    line = closed(raw, TIMES, gap_s=0.35, fill=Fill.LINEAR).values
    np.testing.assert_allclose(line, [0, 1, 2, 3, NAN, NAN, NAN, NAN, 9, NAN])
    still = closed(raw, TIMES, gap_s=0.35, fill=Fill.HOLD).values
    np.testing.assert_array_equal(still, [0, 0, 0, 3, NAN, NAN, NAN, NAN, 9, 9])


def test_the_papers_way_fills_every_gap_between_two_values():
    raw = np.array([NAN, 0, NAN, NAN, NAN, NAN, NAN, NAN, 7, NAN])
    track = closed(raw, TIMES, gap_s=float("inf"), fill=Fill.LINEAR)
    np.testing.assert_allclose(track.values, [NAN, 0, 1, 2, 3, 4, 5, 6, 7, NAN])
    assert track.filled_share == pytest.approx(0.6)
    assert np.isnan(track.values).mean() == pytest.approx(0.2)


def test_the_length_of_a_gap_is_time_and_not_frames():
    times = TIMES.copy()
    times[5:] += 10 * rated.STEP_NS  # the camera was away for a second
    raw = np.array([1, 1, 1, 1, NAN, NAN, 1, 1, 1, 1])
    assert not closed(raw, times, gap_s=1.0).filled.any()
    assert closed(raw, times, gap_s=1.3).filled.sum() == 2


def test_nothing_said_stays_nothing():
    empty = Trace(np.empty(0, dtype=np.int64), np.empty(0))
    track = resampled(empty, TIMES)
    assert np.isnan(track.values).all()
    assert track.filled_share == 0
    assert np.isnan(resampled(empty, TIMES[:0]).filled_share)


def test_traces_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="2 moments and 1 values"):
        held(Trace(TIMES[:2], np.ones(1)), TIMES)
    with pytest.raises(InputError, match="back in time"):
        held(Trace(TIMES[:2][::-1], np.ones(2)), TIMES)
    for gap_s in (-1.0, NAN):
        with pytest.raises(InputError, match="gap"):
            closed(np.ones(10), TIMES, gap_s=gap_s)


def test_for_training_the_scale_is_minus_one_to_one():
    values = np.array([-10.0, -3.0, NAN, 0.0, 10.0])
    np.testing.assert_allclose(scaled(values), [-1, -0.3, NAN, 0, 1])


def test_zero_means_are_of_each_rater_and_of_one_who_never_moved_exactly_zero():
    table = np.array([[1.0, 0.1, NAN], [3.0, 0.1, NAN], [NAN, 0.1, NAN]])
    np.testing.assert_array_equal(centred(table), [[-1, 0, NAN], [1, 0, NAN], [NAN, 0, NAN]])
