"""Clips put together by a rule with a name, and intervals that are honest about slow sliders."""

import numpy as np
import pytest
import rated
from rated import wandering

from taver.core.errors import InputError
from taver.labels import even
from taver.labels.agreement import FIGURES, agreement
from taver.labels.bootstrap import BLOCK_S, cut, drawn, intervals, reached
from taver.labels.pool import ClipValues, Zero, pooled

NAN = float("nan")


def clip(name, raters, seed, frames=300, offsets=None):
    rng = np.random.default_rng(seed)
    truth = wandering(rng, frames)
    values = np.stack([rated.late(rng, truth, 5) for _ in raters], axis=1)
    return ClipValues(name, tuple(raters), values + np.array(offsets or [0.0] * len(raters)))


def test_the_same_raters_stand_in_columns_of_their_own_whatever_their_order():
    one, other = clip("a", ["Bo", "Ada"], 1), clip("b", ["Ada", "Bo"], 2)
    pool = pooled([one, other])
    assert pool.by_rater
    assert pool.columns == ("Ada", "Bo")
    np.testing.assert_array_equal(pool.values[:300], one.values[:, ::-1])
    np.testing.assert_array_equal(pool.values[300:], other.values)
    assert pool.starts == (0, 300)


def test_other_raters_stand_in_places_and_the_rule_says_so():
    pool = pooled([clip("a", ["P3", "P1", "P2"], 1), clip("b", ["P6", "P5", "P4"], 2)])
    assert pool.columns == ("place 1", "place 2", "place 3")
    assert "raters differ between clips" in pool.rule
    assert pool.rule.startswith("as given")


def test_a_clip_that_fewer_rated_is_named_and_left_out_of_the_pool():
    pool = pooled([clip("a", ["P1", "P2", "P3"], 1), clip("b", ["P1", "P2"], 2)])
    assert pool.left_out == ("b",)
    assert "without b" in pool.rule
    assert len(pool.values) == 300


def test_one_clip_that_a_fourth_rater_saw_does_not_keep_the_others_out():
    three = ["P1", "P2", "P3"]
    pool = pooled([clip("a", three, 1), clip("b", [*three, "P4"], 2), clip("c", three, 3)])
    assert pool.columns == ("P1", "P2", "P3")
    assert pool.by_rater
    assert len(pool.values) == 600
    assert pool.left_out == ("b",)
    assert "without b, which fewer or more raters rated" in pool.rule


def test_clips_with_one_rater_so_far_do_not_keep_out_those_with_several():
    alone = [clip(name, ["P1"], n) for n, name in enumerate("abc")]
    pool = pooled([*alone, clip("d", ["P1", "P2"], 4)])
    assert pool.columns == ("P1", "P2")
    assert pool.left_out == ("a", "b", "c")
    assert pooled(alone).columns == ("P1",)


def test_raters_who_said_nothing_of_a_clip_are_not_in_it():
    one = clip("a", ["P1", "P2", "P3"], 1)
    one.values[:, 1] = NAN
    assert pooled([one]).columns == ("P1", "P3")


def test_zero_means_by_clip_and_by_rater_differ_only_where_clips_differ():
    clips = [
        clip("a", ["P1", "P2"], 1, offsets=[3, -3]),
        clip("b", ["P1", "P2"], 2, offsets=[-3, 3]),
    ]
    given, by_clip, by_rater = (agreement(pooled(clips, zero).values) for zero in Zero)
    assert by_clip.cronbach_alpha > 0.9 > given.cronbach_alpha
    assert by_rater.cronbach_alpha == pytest.approx(given.cronbach_alpha)
    alone = [agreement(pooled(clips[:1], zero).values).cronbach_alpha for zero in Zero]
    assert alone == pytest.approx([alone[0]] * 3)


def test_nothing_put_together_is_nothing():
    pool = pooled([])
    assert pool.values.shape == (0, 0)
    silent = ClipValues("a", ("P1",), np.full((10, 1), NAN))
    assert pooled([silent]).columns == ()


def test_blocks_do_not_reach_over_two_clips():
    assert cut(1000, (0, 430), 100).tolist() == [
        0, 108, 215, 322, 430, 525, 620, 715, 810, 905
    ]  # fmt: skip
    assert cut(5, (0,), 100).tolist() == [0]
    assert cut(0, (), 100).tolist() == []


def test_intervals_hold_the_figure_and_are_the_same_each_time():
    values, _ = rated.green()
    found, again = intervals(values, step_s=0.1), intervals(values, step_s=0.1)
    assert found == again
    whole = agreement(values)
    for name in FIGURES:
        assert found[name].low < getattr(whole, name) < found[name].high


@pytest.mark.parametrize(
    ("share", "student"), [(1 / 4, 2.44691), (1 / 6, 2.26216), (0.0015, 1.9623)]
)
def test_the_longer_a_stretch_of_all_the_farther_an_interval_reaches(share, student):
    narrow = (1 - share + share**2 / 3) ** 0.5
    assert reached(0.025, share) == pytest.approx(student / narrow, rel=0.003)
    assert reached(0.025, share) > 1.96


def test_stretches_are_drawn_whole_and_every_cell_as_often():
    counts = drawn(np.random.default_rng(0), 20, 4, 2000)
    assert (counts.sum(axis=1) == 20).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=0.1)
    one = drawn(np.random.default_rng(0), 20, 20, 5)  # all in one stretch, from anywhere
    assert (one == 1).all()


@pytest.mark.parametrize("name", FIGURES)
def test_the_scale_of_an_interval_leads_back_to_the_figure(name):
    high = {"positive_percent": 100.0, "mse": 400.0}.get(name, 0.9999)
    low = -3.0 if name.startswith(("cronbach", "icc")) else -0.99
    figures = np.linspace(0.0001 if high > 1 else low, high, 50)
    there = even.SCALES[name].there(figures)
    assert (np.diff(there) > 0).all()
    assert even.SCALES[name].back(there) == pytest.approx(figures, abs=1e-9)


def test_an_interval_does_not_leave_what_a_figure_can_be():
    rng = np.random.default_rng(1)
    nearly = np.round(wandering(rng, 1200))[:, None] + (rng.random((1200, 3)) < 0.02)
    found = intervals(nearly, step_s=0.1)
    assert all(0.9 < found[name].low < found[name].high < 1 for name in ("ccc", "icc_ck"))
    apart = rng.normal(size=(1200, 3)) + 5  # who agrees in nothing, and says only what is above 0
    found = intervals(apart, step_s=0.1)
    assert found["mean_r"].low < 0 < found["mean_r"].high
    assert 99 < found["positive_percent"].low <= found["positive_percent"].high <= 100
    assert found["mse"].low > 0
    same = np.repeat(nearly[:, :1], 3, axis=1)
    assert intervals(same, step_s=0.1)["cronbach_alpha"] == (1.0, 1.0, "")


def test_drawing_the_same_block_everywhere_gives_the_plain_figures():
    values, _ = rated.green()
    wide = intervals(values, step_s=0.1, block_s=30.0)
    assert wide["cronbach_alpha"].high <= 1.0
    assert intervals(values, step_s=0.1, seed=1)["mse"] != wide["mse"]


def test_frames_drawn_singly_would_feign_certainty():
    rng = np.random.default_rng(3)
    held, times = {0.1: 0, BLOCK_S: 0}, {0.1: 6, BLOCK_S: 20}
    for run in range(20):  # raters whose true alpha is 0.75: one part common, one their own
        common, own = slow(rng, 2400, 1), slow(rng, 2400, 3)
        for block_s in held:
            if run < times[block_s]:
                found = intervals(common + own, step_s=0.1, block_s=block_s, resamples=200)
                alpha = found["cronbach_alpha"]
                held[block_s] += alpha.low <= 0.75 <= alpha.high
    assert held[0.1] <= 3
    assert held[BLOCK_S] >= 17


def slow(rng, frames, columns):
    """Return noise that depends on itself for three seconds, of variance 1."""
    fading = np.exp(-np.arange(300) / 30)
    fading /= np.sqrt((fading**2).sum())
    noise = rng.normal(size=(frames + 299, columns))
    return np.stack([np.convolve(one, fading, mode="valid") for one in noise.T], axis=1)


def test_where_there_is_no_interval_it_says_why():
    values, _ = rated.green()
    short = intervals(values[:200], step_s=0.1)["cronbach_alpha"]
    assert np.isnan(short.low)
    assert "too few" in short.why
    still = values[:, :2].copy()
    still[:, 1] = 0.5
    assert "never moved" in intervals(still, step_s=0.1)["cronbach_alpha"].why
    with pytest.raises(InputError):
        intervals(values, step_s=0.1, block_s=0.0)
    with pytest.raises(InputError):
        intervals(values, step_s=0.1, resamples=3)
