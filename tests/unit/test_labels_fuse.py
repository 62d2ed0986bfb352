"""Fusion and lags: the known figures against a truth, planted lags found, and gaps respected."""

import numpy as np
import pytest
import rated
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taver.core.errors import InputError
from taver.labels import lags
from taver.labels.agreement import agreement
from taver.labels.fuse import Fusion, fuse

CELL = st.one_of(st.integers(-10, 10).map(float), st.just(float("nan")))
TABLES = st.tuples(st.integers(0, 30), st.integers(0, 4)).flatmap(
    lambda shape: hnp.arrays(np.float64, shape, elements=CELL)
)


def against(values, truth):
    """Return r, CCC and RMSE, to three digits."""
    known = ~np.isnan(values)
    found = agreement(np.column_stack([values[known], truth[known]]))
    return round(found.mean_r, 3), round(found.ccc, 3), round(found.mse**0.5, 3)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("mean", (0.776, 0.639, 0.192)),
        ("ewe", (0.775, 0.637, 0.193)),
        ("lag-mean", (0.898, 0.739, 0.164)),
    ],
)
def test_real_raters_come_as_near_to_the_truth_as_is_known(how, expected):
    values, truth = rated.green()
    reference = truth if how == "lag-mean" else None
    fused = fuse(values, how, unix_ns=rated.frame_times(len(values)), reference=reference)
    assert against(fused.values, truth) == expected


def test_the_real_raters_react_one_and_a_half_seconds_late():
    values, truth = rated.green()
    found = lags.absolute(values, truth, rated.frame_times(len(values)))
    assert np.median(found.seconds) == pytest.approx(1.5)
    assert found.absolute


@pytest.mark.parametrize("planted", [(1, 5, 30), (3, 12, 20, 30), (10, 10, 10), (0, 25)])
@pytest.mark.parametrize("gaps", [False, True])
def test_planted_lags_are_found_to_a_frame(planted, gaps):
    rng = np.random.default_rng(7)
    truth = rated.wandering(rng, 2400)
    values = np.stack([rated.late(rng, truth, lag) for lag in planted], axis=1)
    if gaps:
        values[rng.random(values.shape) < 0.05] = np.nan
        values[500:620, 0] = np.nan
    times = rated.frame_times(2400)
    absolute = lags.absolute(values, truth, times).seconds * 10
    assert np.abs(absolute - planted).max() <= 1
    relative = lags.relative(values, times).seconds * 10
    between = np.array(planted) - np.median(planted)
    assert np.abs(relative - between).max() <= 1


def test_lags_are_found_where_frames_were_dropped():
    rng = np.random.default_rng(8)
    truth = rated.wandering(rng, 2400)
    values = np.stack([rated.late(rng, truth, lag) for lag in (0, 20)], axis=1)
    kept = np.sort(rng.choice(2400, 2000, replace=False))
    times = rated.frame_times(2400)[kept]
    found = lags.relative(values[kept], times).seconds
    assert found[1] - found[0] == pytest.approx(2.0, abs=0.1)
    fused = fuse(values[kept], "lag-mean", unix_ns=times, reference=truth[kept])
    plain = fuse(values[kept], "mean")
    assert against(fused.values, truth[kept])[0] > against(plain.values, truth[kept])[0]


def test_taking_the_lag_away_gives_the_signal_back():
    rng = np.random.default_rng(9)
    truth = rated.wandering(rng, 600)
    values = np.stack([rated.late(rng, truth, lag, noise=0.0) for lag in (5, 15)], axis=1)
    moved = lags.shifted(values, rated.frame_times(600), np.array([0.5, 1.5]))
    assert (moved[:585, 0] == moved[:585, 1]).all()
    assert np.isnan(moved[-15:, 1]).all()
    assert not np.isnan(moved[:-15]).any()


@given(TABLES, st.sampled_from(list(Fusion)))
@settings(max_examples=100, deadline=None)
def test_whatever_was_said_the_fused_value_lies_between_what_was_said(table, how):
    times = rated.frame_times(len(table))
    fused = fuse(table, how, unix_ns=times)
    assert fused.values.shape == (len(table),)
    if how is not Fusion.LAG_MEAN:
        for row, value in zip(table, fused.values, strict=True):
            said = row[~np.isnan(row)]
            assert np.isnan(value) or said.min() - 1e-9 <= value <= said.max() + 1e-9
    assert fused.made["name"] == how.value
    assert np.isnan(fused.values).sum() >= np.isnan(table).all(axis=1).sum() * (how != "lag-mean")


def test_mean_and_median_are_those_of_numpy():
    table = np.random.default_rng(4).integers(-10, 11, size=(30, 5)).astype(float)
    assert fuse(table).values == pytest.approx(table.mean(axis=1))
    assert fuse(table, "median").values == pytest.approx(np.median(table, axis=1))


def test_ewe_weighs_by_correlation_with_the_mean_of_all_or_of_the_others():
    table = np.random.default_rng(5).normal(size=(60, 1)) + np.random.default_rng(6).normal(
        size=(60, 3)
    )
    for how in ("ewe", "ewe-leave-one-out"):
        means = [
            (table if how == "ewe" else np.delete(table, n, axis=1)).mean(axis=1) for n in range(3)
        ]
        r = [np.corrcoef(table[:, n], mean)[0, 1] for n, mean in enumerate(means)]
        fused = fuse(table, how, names=["A", "B", "C"])
        assert list(fused.made["weights"].values()) == pytest.approx(r)
        assert fused.values == pytest.approx(table @ r / np.sum(r))


def test_ewe_gives_no_weight_to_who_contradicts_or_never_moved_and_says_so():
    one = rated.wandering(np.random.default_rng(1), 300)
    table = np.stack([one, one + 0.1, -one, np.full(300, 3.0)], axis=1)
    fused = fuse(table, "ewe-leave-one-out", names=["A", "B", "C", "D"])
    assert fused.made["weights"]["C"] == 0
    assert fused.made["weights"]["D"] == 0
    assert any(note.startswith("C: weight 0") for note in fused.made["notes"])
    assert any(note.startswith("D: weight 0") for note in fused.made["notes"])


def test_where_fewer_than_half_said_anything_there_is_no_value():
    nan = float("nan")
    table = [[1.0, 2.0, 3.0], [1.0, 2.0, nan], [1.0, nan, nan], [nan, nan, nan]]
    assert fuse(table).values[:2] == pytest.approx([2.0, 1.5])
    assert np.isnan(fuse(table).values[2:]).all()
    assert fuse(table, least=1).values[2] == 1.0
    assert fuse(table).made["least_raters"] == 2


def test_where_no_frame_has_a_value_it_says_why():
    nan = float("nan")
    assert fuse([[nan], [nan]]).made["notes"] == ["no frame has a value: nobody said anything"]
    (told,) = fuse([[1.0, nan, nan], [nan, 1.0, nan], [nan, nan, 1.0]]).made["notes"]
    assert told.endswith("in none did 2 of 3 raters say anything")
    opposed = np.outer(np.arange(30.0), [1.0, -1.0])
    assert "none has a weight above zero" in fuse(opposed, "ewe-leave-one-out").made["notes"][-1]


def test_one_rater_is_their_own_mean():
    table = np.array([[1.0], [2.0], [float("nan")]])
    for how in Fusion:
        fused = fuse(table, how, unix_ns=rated.frame_times(3))
        assert fused.values[:2] == pytest.approx([1.0, 2.0])
        assert np.isnan(fused.values[2])


def test_a_fusion_that_is_not_there_and_lags_without_times_are_refused():
    with pytest.raises(InputError, match="no fusion") as caught:
        fuse([[1.0]], "average")
    assert "lag-mean" in caught.value.fix
    with pytest.raises(InputError, match="times"):
        fuse([[1.0]], "lag-mean")


def test_a_rater_without_a_lag_is_taken_as_they_are_and_named():
    one = rated.wandering(np.random.default_rng(2), 400)
    table = np.stack([one, one, np.full(400, 2.0)], axis=1)
    fused = fuse(table, "lag-mean", names=["A", "B", "C"], unix_ns=rated.frame_times(400))
    assert fused.made["lags_s"] == {"A": 0.0, "B": 0.0, "C": None}
    assert fused.made["notes"] == ["C: no lag can be told; taken as it is"]


@pytest.mark.parametrize("seed", range(4))
def test_raters_who_know_nothing_of_each_other_are_given_no_lag(seed):
    rng = np.random.default_rng(seed)
    alone = np.stack([rated.wandering(rng, 1800) for _ in range(3)], axis=1)
    times = rated.frame_times(1800)
    for reference in (None, rated.wandering(rng, 1800)):
        fused = fuse(alone, "lag-mean", names="ABC", unix_ns=times, reference=reference)
        assert set(fused.made["lags_s"].values()) == {None}
        (told,) = fused.made["notes"]
        assert told.startswith("A, B, C: no lag can be told from chance")
        assert fused.values == pytest.approx(alone.mean(axis=1))
        assert min(fused.made["chance"].values()) > fused.made["most_chance"]


def test_one_who_rated_something_else_keeps_nobody_else_from_a_lag():
    rng = np.random.default_rng(5)
    truth = rated.wandering(rng, 2400)
    values = [rated.late(rng, truth, lag) for lag in (0, 10, 30)]
    table = np.stack([*values, rated.wandering(rng, 2400)], axis=1)
    fused = fuse(table, "lag-mean", names="ABCD", unix_ns=rated.frame_times(2400))
    assert fused.made["lags_s"]["D"] is None
    found = [fused.made["lags_s"][name] for name in "ABC"]
    assert found == pytest.approx([-1.0, 0.0, 2.0], abs=0.1)
    again = fuse(table, "lag-mean", names="ABCD", unix_ns=rated.frame_times(2400))
    assert again.made == fused.made


def test_two_groups_that_follow_different_things_have_a_median_rater_each_and_it_says_so():
    rng = np.random.default_rng(6)
    one, other = rated.wandering(rng, 2400), rated.wandering(rng, 2400)
    table = np.stack(
        [rated.late(rng, truth, lag) for truth in (one, other) for lag in (0, 20)], axis=1
    )
    fused = fuse(table, "lag-mean", names="ABCD", unix_ns=rated.frame_times(2400))
    assert list(fused.made["lags_s"].values()) == pytest.approx([-1, 1, -1, 1], abs=0.1)
    assert any(note.startswith("there are 2 groups") for note in fused.made["notes"])
