"""Agreement: the figures of others' programs, what must not change them, and reasons for none."""

import numpy as np
import others
import pytest
import rated
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taver.core.errors import InputError
from taver.labels.agreement import FIGURES, agreement, correlations, together
from taver.labels.leave_out import without_each
from taver.labels.scale import centred

OF_SEVERAL = [name for name in FIGURES if name != "positive_percent"]


def tables(least_raters=2, gaps=True):
    """Draw frames by raters, on the scale of the sliders, with gaps."""
    cell = st.integers(-10, 10).map(float)
    if gaps:
        cell = st.one_of(cell, cell, cell, st.just(float("nan")))
    shape = st.tuples(st.integers(3, 40), st.integers(least_raters, 5))
    return shape.flatmap(lambda s: hnp.arrays(np.float64, s, elements=cell))


def test_real_raters_give_the_known_table_to_four_digits():
    values, _ = rated.green()
    assert values.shape == (2664, 10)
    found = agreement(values)
    assert {name: round(getattr(found, name), 4) for name in others.KNOWN} == others.KNOWN
    assert not found.why


def test_real_raters_give_what_other_programs_give():
    values = rated.green()[0][::10]  # the bench takes all of them
    found = agreement(values)
    for name, expected in others.figures(values).items():
        assert getattr(found, name) == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize("seed", range(6))
def test_random_values_with_gaps_give_what_other_programs_give(seed):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(30, 200)), int(rng.integers(2, 7)))
    table = rng.normal(size=shape) + rng.normal(size=(shape[0], 1)) * rng.uniform(0, 2) + 5 * seed
    table = np.round(table * 5) / 5
    table[rng.random(shape) < 0.08 * seed] = np.nan
    found = agreement(table)
    for name, expected in others.figures(table).items():
        assert getattr(found, name) == pytest.approx(expected, abs=1e-9), name


@given(tables())
@settings(max_examples=150, deadline=None)
def test_every_figure_is_a_number_or_says_why_not(table):
    found = agreement(table)
    for name in FIGURES:
        assert np.isnan(getattr(found, name)) == (name in found.why), name
        assert np.isfinite(getattr(found, name)) or found.why[name]


@given(tables(gaps=False))
@settings(max_examples=100, deadline=None)
def test_alpha_is_the_consistency_of_the_mean_and_not_changed_by_zero_means(table):
    found, around = agreement(table), agreement(centred(table))
    assert found.cronbach_alpha == pytest.approx(found.icc_ck, abs=1e-9, nan_ok=True)
    for name in ("cronbach_alpha", "mean_r", "icc_c1"):
        assert getattr(around, name) == pytest.approx(getattr(found, name), abs=1e-9, nan_ok=True)


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_raters_and_of_frames_does_not_matter(table, shuffle):
    columns, rows = list(range(table.shape[1])), list(range(len(table)))
    shuffle.shuffle(columns)
    shuffle.shuffle(rows)
    found, other = agreement(table), agreement(table[np.ix_(rows, columns)])
    for name in FIGURES:
        assert getattr(other, name) == pytest.approx(getattr(found, name), abs=1e-9, nan_ok=True)


@given(tables(), st.floats(-1e4, 1e4), st.floats(0.01, 100))
@settings(max_examples=100, deadline=None)
def test_another_scale_changes_only_what_is_measured_in_points(table, shift, factor):
    found, other = agreement(table), agreement(table * factor + shift)
    for name in OF_SEVERAL:
        expected = getattr(found, name) * (factor**2 if name == "mse" else 1.0)
        assert getattr(other, name) == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)


def test_raters_who_say_the_same_agree_wholly():
    one = np.random.default_rng(0).integers(-10, 11, size=50).astype(float)
    found = agreement(np.stack([one, one, one], axis=1))
    for name in OF_SEVERAL:
        assert getattr(found, name) == pytest.approx(0.0 if name == "mse" else 1.0, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3])
@pytest.mark.parametrize("raters", [2, 3])
def test_a_rater_who_never_moved_is_named_and_leaves_no_tiny_number(value, raters):
    table = np.random.default_rng(1).normal(size=(40, raters))
    table[:, 1] = value
    found = agreement(table, ["Ada", "Bo", "Cy"][:raters])
    for name in ("cronbach_alpha", "mean_r", "ccc", "icc_a1", "icc_c1", "icc_ak", "icc_ck"):
        assert np.isnan(getattr(found, name))
        assert found.why[name].told.startswith("Bo never moved")
    assert np.isfinite([found.mse, found.krippendorff_alpha, found.positive_percent]).all()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (np.zeros((0, 3)), "nobody said anything"),
        (np.zeros((5, 0)), "nobody said anything"),
        (np.full((5, 3), np.nan), "nobody said anything"),
        (np.ones((5, 1)), "one rater alone agrees with nobody"),
        (np.array([[1.0, np.nan], [2.0, np.nan]]), "Bo said nothing"),
        (np.array([[1.0, np.nan], [np.nan, 2.0]]), "no two raters rated the same frame"),
        (np.array([[1.0, 2.0], [np.nan, 3.0]]), "all raters together rated 1 frame"),
        (np.array([[1.0, -1.0], [2.0, -2.0]]), "the raters cancel each other out"),
    ],
)
def test_where_there_is_no_agreement_to_measure_it_says_why(table, why):
    found = agreement(table, ["Ada", "Bo", "Cy"][: table.shape[1]])
    assert np.isnan(found.cronbach_alpha)
    assert found.why["cronbach_alpha"].told == why


def test_a_silent_rater_does_not_hide_how_the_others_agree():
    table = np.random.default_rng(2).normal(size=(30, 3))
    table[:, 2] = np.nan
    found = agreement(table, ["Ada", "Bo", "Cy"])
    assert found.why["cronbach_alpha"].told == "Cy said nothing"
    assert found.mean_r == pytest.approx(agreement(table[:, :2]).mean_r)
    assert found.krippendorff_alpha == pytest.approx(agreement(table[:, :2]).krippendorff_alpha)


def test_unequal_lengths_are_refused_by_name():
    with pytest.raises(InputError, match="not equally long") as caught:
        together({"Ada": [1, 2, 3], "Bo": [1, 2]})
    assert "Bo: 2 frames" in caught.value.problems
    with pytest.raises(InputError, match="no table"):
        agreement([[1, 2], [3]])
    with pytest.raises(InputError, match="2"):
        agreement([1, 2, 3])
    with pytest.raises(InputError, match="infinite"):
        agreement([[1, np.inf], [2, 3]])
    with pytest.raises(InputError, match="no numbers"):
        agreement([["a", "b"], ["c", "d"]])


def test_correlations_are_those_of_numpy():
    table = np.random.default_rng(3).normal(size=(50, 4))
    assert correlations(table) == pytest.approx(np.corrcoef(table.T), abs=1e-12)


def test_leaving_a_rater_out_is_computing_without_them():
    values, _ = rated.green()
    left = without_each(values[:, :4], ["A", "B", "C", "D"])
    assert [one.rater for one in left] == ["A", "B", "C", "D"]
    rest = agreement(values[:, [0, 2, 3]], ["A", "C", "D"])
    for name in FIGURES:
        assert getattr(left[1].without, name) == pytest.approx(getattr(rest, name), abs=1e-12)
    others = values[:, [0, 2, 3]].mean(axis=1)
    assert left[1].r_with_others == pytest.approx(np.corrcoef(values[:, 1], others)[0, 1])


def test_percent_positive_counts_what_is_above_zero():
    found = agreement([[1.0, 0.0], [-1.0, 2.0], [np.nan, 3.0]])
    assert found.positive_percent == pytest.approx(60.0)
