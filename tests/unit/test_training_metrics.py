"""Scores: as others compute them, with a reason where there is none, and how sure they are."""

import math

import audmetric
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taver.core.errors import InputError
from taver.training import evaluate, losses, metrics, runs

VALUES = st.lists(st.integers(-100, 100), min_size=3, max_size=30)


@pytest.mark.parametrize("n", [2, 3, 500])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_scores_are_those_of_audmetric(n, scale):
    chance = np.random.default_rng(n)
    true = chance.normal(size=n)
    said = 0.2 + scale * (true + chance.normal(size=n))
    found = metrics.scores(said, true)
    assert found.n == n
    assert abs(found.ccc - audmetric.concordance_cc(true, said)) <= 1e-12
    assert abs(found.cc - audmetric.pearson_cc(true, said)) <= 1e-12
    assert abs(found.rmse - math.sqrt(audmetric.mean_squared_error(true, said))) <= 1e-12


def test_what_is_right_scores_1_and_what_is_turned_round_minus_1():
    true = np.sin(np.arange(50.0))
    true -= true.mean()
    assert metrics.scores(true, true) == metrics.Scores(n=50, rmse=0.0, cc=1.0, ccc=1.0)
    assert metrics.ccc(-true, true) == pytest.approx(-1.0)


def test_a_constant_prediction_has_ccc_0_and_no_cc_and_says_why():
    found = metrics.scores(np.full(10, 0.1), np.arange(10.0))
    assert found.ccc == 0.0
    assert math.isnan(found.cc)
    assert "constant" in found.reason
    assert "constant" in found.in_words()


def test_a_truth_that_never_changes_judges_no_correlation():
    assert metrics.ccc(np.arange(5.0), np.full(5, 0.3)) == 0.0
    assert "truth" in metrics.scores(np.arange(5.0), np.full(5, 0.3)).reason
    assert math.isnan(metrics.ccc(np.full(5, 0.3), np.full(5, 0.3)))


def test_one_value_is_too_few():
    found = metrics.scores([0.5], [0.4])
    assert found.rmse == pytest.approx(0.1)
    assert math.isnan(found.ccc)
    assert "two" in found.reason


def test_sides_of_different_length_are_refused():
    with pytest.raises(InputError, match="3 predictions for 2"):
        metrics.scores([1, 2, 3], [1, 2])


@given(VALUES, st.integers(-50, 50))
def test_ccc_is_never_farther_from_0_than_cc_and_moving_both_sides_changes_nothing(values, by):
    true = np.array(values, float)
    said = true[::-1] * 0.5
    found = metrics.scores(said, true)
    if math.isfinite(found.cc):
        assert abs(found.ccc) <= abs(found.cc) + 1e-9
        assert metrics.ccc(said + by, true + by) == pytest.approx(found.ccc, abs=1e-9)


def test_the_mean_of_people_leaves_out_who_has_no_cc_and_names_them():
    good = metrics.scores([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    flat = metrics.scores([0.0, 0.0, 0.0], [0.0, 1.0, 2.0])
    found = metrics.mean_of({"P01": good, "P02": flat})
    assert found.cc == 1.0
    assert found.ccc == 0.5
    assert "P02" in found.reason


def test_all_values_together_and_the_mean_of_people_are_two_things():
    """Who knows only who is speaking is right about all, and about nobody."""
    chance = np.random.default_rng(3)
    means = {"P01": -0.8, "P02": 0.0, "P03": 0.8}
    true = {who: mean + 0.05 * chance.normal(size=200) for who, mean in means.items()}
    said = {who: mean + 0.05 * chance.normal(size=200) for who, mean in means.items()}
    everybody = metrics.scores(np.concatenate([*said.values()]), np.concatenate([*true.values()]))
    each = metrics.mean_of({who: metrics.scores(said[who], true[who]) for who in means})
    assert everybody.ccc > 0.98
    assert abs(each.ccc) < 0.2


def people_of(count, seed):
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        true = np.cumsum(chance.normal(size=300)) / 20
        found.append((0.5 * true + 0.3 * chance.normal(size=300), true))
    return found


def test_intervals_hold_the_score_and_grow_with_fewer_people():
    many, few = people_of(12, 1), people_of(3, 1)
    whole = metrics.ccc(np.concatenate([p for p, _ in many]), np.concatenate([t for _, t in many]))
    wide = metrics.bootstrap(few, block=100, draws=300)["ccc"]
    narrow = metrics.bootstrap(many, block=100, draws=300)["ccc"]
    assert narrow.low < whole < narrow.high
    assert wide.high - wide.low > narrow.high - narrow.low


def test_intervals_are_the_same_every_time_and_do_not_depend_on_where_zero_is():
    people = people_of(4, 2)
    moved = [(p + 1e6, t + 1e6) for p, t in people]
    first = metrics.bootstrap(people, block=50, draws=100)
    assert metrics.bootstrap(people, block=50, draws=100) == first
    again = metrics.bootstrap(moved, block=50, draws=100)
    for name in metrics.NAMES:
        assert again[name] == pytest.approx(first[name], abs=1e-6)


def test_nobody_has_no_interval():
    assert math.isnan(metrics.bootstrap([([], [])], block=10)["ccc"].low)


def test_the_loss_that_is_learnt_from_is_what_ccc_lacks_of_1_of_the_clips_that_count():
    chance = np.random.default_rng(5)
    said, true = chance.normal(size=(2, 9, 2))
    said[7:] = 1e3  # a share was filled up to one size
    outputs, labels = torch.from_numpy(said), torch.from_numpy(true)
    counts = torch.tensor([1.0] * 7 + [0.0] * 2)
    lacks = [1 - metrics.ccc(said[:7, place], true[:7, place]) for place in range(2)]
    found = losses.loss("ccc", outputs, labels, counts, total=7)
    assert float(found) == pytest.approx(np.mean(lacks), abs=1e-9)
    whole = losses.ccc_loss(outputs[:7, :1], labels[:7, :1], torch.ones(7))
    assert float(whole) == pytest.approx(lacks[0], abs=1e-9)


def test_people_keep_their_names_whatever_these_look_like(tmp_path):
    columns = ["recording", "participant", "time_s", "interpolated", "valence", "valence_true"]
    names = ("001", "NA", "1", "1e3")
    rows = [["007", name, "0.100", 0, "0.5", ""] for name in names]
    runs.write_table(tmp_path / evaluate.PREDICTIONS, columns, rows)
    table = evaluate.read_predictions(tmp_path)
    assert list(table["participant"]) == list(names)
    assert set(table["recording"]) == {"007"}
    assert table["valence"].sum() == 2.0
    assert table["valence_true"].isna().all()
