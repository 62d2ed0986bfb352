"""Gaps that are filled, trembling that goes, motion that stays."""

import numpy as np
import pytest

from taver.faces import align, gaps
from taver.faces.live import OneEuro
from taver.faces.smooth import smoothed
from taver.faces.state import State

PERIOD_NS = 100_000_000
FACE = align.template(200)


def track(count, shift=lambda _: (0.0, 0.0)):
    """Return faces that go where `shift` says, and their times."""
    faces = np.array([FACE + shift(n) for n in range(count)]).reshape(-1, *FACE.shape)
    return faces, np.arange(count) * PERIOD_NS, np.full(count, State.TRACKED, np.uint8)


def lose(faces, states, first, end):
    faces[first:end] = np.nan
    states[first:end] = State.LOST


def test_a_short_gap_is_filled_along_a_line_and_says_so():
    faces, times, states = track(20, lambda n: (2.0 * n, 0.0))
    whole = faces.copy()
    lose(faces, states, 8, 11)
    filled, told = gaps.filled(faces, states, times, 0.5)
    assert filled == pytest.approx(whole)
    assert (told[8:11] == State.INTERPOLATED).all()
    assert (told[:8] == State.TRACKED).all()


def test_a_long_gap_stays_lost():
    faces, times, states = track(20)
    lose(faces, states, 5, 12)
    filled, told = gaps.filled(faces, states, times, 0.5)
    assert np.isnan(filled[5:12]).all()
    assert (told[5:12] == State.LOST).all()


def test_nothing_is_made_up_at_the_ends():
    faces, times, states = track(10)
    lose(faces, states, 0, 2)
    lose(faces, states, 9, 10)
    _, told = gaps.filled(faces, states, times, 5.0)
    assert told[[0, 1, 9]].tolist() == [State.LOST] * 3


def test_a_face_that_comes_back_elsewhere_was_nowhere_in_between():
    faces, times, states = track(10, lambda n: (0.0, 0.0) if n < 5 else (900.0, 0.0))
    lose(faces, states, 4, 6)
    _, told = gaps.filled(faces, states, times, 1.0)
    assert (told[4:6] == State.LOST).all()


def test_trembling_goes_and_the_middle_stays():
    rng = np.random.default_rng(3)
    faces, times, _ = track(200)
    noisy = faces + rng.normal(0, 0.3, faces.shape)
    calm = smoothed(noisy, times)
    assert calm[5:-5].std(axis=0).mean() < 0.7 * noisy.std(axis=0).mean()
    assert np.abs(calm.mean(axis=0) - faces[0]).max() < 0.1


def test_steady_motion_is_not_held_back():
    faces, times, _ = track(40, lambda n: (3.0 * n, 0.1 * n * n))
    assert smoothed(faces, times) == pytest.approx(faces, abs=1e-6)


def test_a_jump_is_kept_as_it_is():
    faces, times, _ = track(40, lambda n: (0.0, 0.0) if n < 20 else (40.0, 0.0))
    assert smoothed(faces, times) == pytest.approx(faces, abs=0.5)


def test_smoothing_does_not_reach_across_a_gap():
    faces, times, states = track(30, lambda n: (0.0, 0.0) if n < 15 else (5.0, 0.0))
    lose(faces, states, 14, 16)
    calm = smoothed(faces, times)
    assert calm[:14] == pytest.approx(faces[:14])
    assert calm[16:] == pytest.approx(faces[16:])
    assert np.isnan(calm[14:16]).all()


def test_lost_frames_of_the_camera_break_a_run_too():
    faces, times, _ = track(20)
    times[10:] += 10 * PERIOD_NS
    assert list(gaps.unbroken(faces, times)) == [(0, 10), (10, 20)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_few_frames_are_smoothed_as_far_as_they_go(count):
    faces, times, _ = track(count)
    assert smoothed(faces, times) == pytest.approx(faces)


def test_the_live_filter_calms_what_stands_still_and_follows_what_moves():
    rng = np.random.default_rng(4)
    calm = OneEuro()
    noisy = [FACE + rng.normal(0, 0.3, FACE.shape) for _ in range(100)]
    seen = np.array([calm(face, n * PERIOD_NS) for n, face in enumerate(noisy)])
    assert seen[20:].std(axis=0).mean() < 0.75 * np.array(noisy)[20:].std(axis=0).mean()
    after = [calm(FACE + 100.0, (100 + n) * PERIOD_NS) for n in range(5)]
    assert np.abs(after[-1] - FACE - 100.0).max() < 2


def test_the_live_filter_starts_anew_when_told():
    calm = OneEuro()
    calm(FACE, 0)
    calm.forget()
    assert calm(FACE + 50.0, PERIOD_NS) == pytest.approx(FACE + 50.0)
