"""Clips put together by a rule with a name, and intervals that are honest about slow sliders."""

from statistics import NormalDist

import numpy as np
import pytest
import rated
from rated import wandering

from taver.core.errors import InputError
from taver.labels.agreement import FIGURES, agreement
from taver.labels.bootstrap import cut, expanded, intervals
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


@pytest.mark.parametrize(("blocks", "student"), [(8, 2.36462), (24, 2.06866), (2400, 1.96096)])
def test_few_stretches_make_intervals_as_much_wider_as_students_are(blocks, student):
    normal = NormalDist()
    assert expanded(0.025, blocks) == pytest.approx(
        normal.cdf(-student * (blocks / (blocks - 1)) ** 0.5), rel=0.003
    )
    assert expanded(0.025, blocks) < 0.025


def test_drawing_the_same_block_everywhere_gives_the_plain_figures():
    values, _ = rated.green()
    wide = intervals(values, step_s=0.1, block_s=30.0)
    assert wide["cronbach_alpha"].high <= 1.0
    assert intervals(values, step_s=0.1, seed=1)["mse"] != wide["mse"]


def test_frames_drawn_singly_would_feign_certainty():
    rng = np.random.default_rng(3)
    held, drawn = {0.1: 0, 10.0: 0}, {0.1: 10, 10.0: 30}
    for run in range(30):  # raters whose true alpha is 0.75: one part common, one their own
        common, own = slow(rng, 2400, 1), slow(rng, 2400, 3)
        for block_s in held:
            if run < drawn[block_s]:
                found = intervals(common + own, step_s=0.1, block_s=block_s, resamples=200)
                alpha = found["cronbach_alpha"]
                held[block_s] += alpha.low <= 0.75 <= alpha.high
    assert held[0.1] <= 5
    assert held[10.0] >= 25


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
