"""What events say of each frame, whatever way they came."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate_web.db.tables import Kind
from annotate_web.events.replay import Sat, Told, replay, trace
from taver.labels.resample import held
from taver.labels.trace import Dimension

FRAMES = 30
ZERO = dict.fromkeys(Dimension, 0)


def sat(*events, start=ZERO):
    """Return a sitting of (kind, frame, value)."""
    told = [Told(n, kind, *rest, *[None] * (2 - len(rest))) for n, (kind, *rest) in
            enumerate(events, 1)]  # fmt: skip
    return Sat(start, told)


def arousal(*sittings):
    return replay(sittings, FRAMES).values[Dimension.AROUSAL]


def test_each_frame_that_is_passed_gets_what_the_slider_says_then():
    values = arousal(sat(("play", 0), ("arousal", 5, 3), ("arousal", 8, -2), ("stop", 9)))
    assert values[:10].tolist() == [0, 0, 0, 0, 0, 3, 3, 3, -2, -2]
    assert np.isnan(values[10:]).all()


def test_the_other_slider_stays_where_it_is():
    made = replay([sat(("play", 0), ("valence", 2, 7), ("arousal", 3, 1), ("stop", 4))], FRAMES)
    assert made.values[Dimension.VALENCE][:5].tolist() == [0, 0, 7, 7, 7]
    assert made.standing == {Dimension.AROUSAL: 1, Dimension.VALENCE: 7}


def test_a_slider_moved_while_the_film_stands_changes_no_frame_that_was_given():
    values = arousal(
        sat(("play", 0), ("stop", 4), ("arousal", 4, 9), ("play", 5), ("stop", 6)),
    )
    assert values[:7].tolist() == [0, 0, 0, 0, 0, 9, 9]


def test_a_later_pass_goes_over_an_earlier_one_and_only_where_it_passes():
    values = arousal(
        sat(
            ("play", 0), ("arousal", 0, 5), ("stop", 9), ("seek", 3), ("arousal", 3, -5),
            ("play", 3), ("stop", 5),
        )
    )  # fmt: skip
    assert values[:10].tolist() == [5, 5, 5, -5, -5, -5, 5, 5, 5, 5]


def test_a_frame_passed_twice_is_counted_twice():
    made = replay([sat(("play", 0), ("stop", 4), ("play", 2), ("stop", 4))], FRAMES)
    assert made.passed[:6].tolist() == [1, 1, 2, 2, 2, 0]


def test_while_the_face_cannot_be_seen_there_is_no_value_even_over_an_earlier_one():
    values = arousal(
        sat(("play", 0), ("stop", 9)),
        sat(("play", 0), ("unseen", 2), ("seen", 5), ("stop", 9)),
    )
    assert np.isnan(values[2:5]).all()
    assert values[5:10].tolist() == [0] * 5


def test_a_page_that_died_gave_the_frames_up_to_its_last_event():
    values = arousal(sat(("play", 0), ("arousal", 6, 4)))
    assert values[:7].tolist() == [0, 0, 0, 0, 0, 0, 4]
    assert np.isnan(values[7:]).all()


def test_what_tells_of_dropped_frames_tells_how_far_the_film_had_come():
    values = arousal(sat(("play", 0), ("arousal", 2, 4), ("dropped", 12, 1)))
    assert values[2:13].tolist() == [4] * 11
    assert np.isnan(values[13:]).all()


def test_a_comment_about_an_earlier_frame_moves_nothing():
    with_it = arousal(sat(("play", 0), ("arousal", 5, 3), ("comment", 1), ("stop", 9)))
    assert with_it[:10].tolist() == [0, 0, 0, 0, 0, 3, 3, 3, 3, 3]


def test_a_play_without_a_stop_before_it_is_a_pass_of_its_own():
    values = arousal(sat(("play", 0), ("arousal", 3, 2), ("play", 10), ("stop", 12)))
    assert values[:4].tolist() == [0, 0, 0, 2]
    assert np.isnan(values[4:10]).all()
    assert values[10:13].tolist() == [2, 2, 2]


def test_jumping_while_it_plays_leaves_out_what_was_jumped_over():
    values = arousal(sat(("play", 0), ("arousal", 3, 2), ("seek", 20), ("stop", 22)))
    assert np.isnan(values[4:20]).all()
    assert values[20:23].tolist() == [2, 2, 2]


def test_a_sitting_begins_where_its_sliders_stood():
    values = arousal(sat(("play", 0), ("stop", 1), start={**ZERO, Dimension.AROUSAL: -7}))
    assert values[:2].tolist() == [-7, -7]


def test_a_refused_event_says_nothing():
    values = arousal(sat(("play", 0), ("refused", 3, 9), ("stop", 4)))
    assert values[:5].tolist() == [0] * 5


def test_without_a_pass_nothing_was_said():
    assert np.isnan(arousal(sat(("arousal", 3, 4), ("done",)))).all()
    assert np.isnan(arousal()).all()


KINDS = [kind for kind in Kind if kind is not Kind.DONE]
events_of_somebody = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, FRAMES - 1), st.integers(-10, 10)),
    max_size=40,
)


@given(st.lists(events_of_somebody, min_size=1, max_size=3), st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_track_is_the_same_in_whatever_order_events_are_read(lists, chance):
    ordered = [sat(*events) for events in lists]
    mixed = [Sat(s.start, chance.sample(list(s.events), len(list(s.events)))) for s in ordered]
    first, second = replay(ordered, FRAMES), replay(mixed, FRAMES)
    for dimension in Dimension:
        assert first.values[dimension].tobytes() == second.values[dimension].tobytes()
    assert (first.passed == second.passed).all()


@given(events_of_somebody)
@settings(max_examples=150, deadline=None)
def test_every_value_is_on_the_scale_or_missing_and_passed_frames_alone_have_one(events):
    made = replay([sat(*events)], FRAMES)
    for values in made.values.values():
        said = ~np.isnan(values)
        assert ((values[said] >= -10) & (values[said] <= 10)).all()
        assert (made.passed[said] > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_a_trace_says_at_each_frame_what_was_given_there(seed):
    chance = random.Random(seed)
    values = np.array([chance.choice([np.nan, 1.0, 1.0, 2.0]) for _ in range(FRAMES)])
    times = 1000 + np.arange(FRAMES, dtype=np.int64) * 100
    made = trace(values, times)
    assert (np.diff(made.unix_ns) > 0).all()
    assert np.array_equal(held(made, times), values, equal_nan=True)


def test_a_trace_of_nothing_is_empty():
    times = np.arange(3, dtype=np.int64)
    assert len(trace(np.full(3, np.nan), times).values) == 0
