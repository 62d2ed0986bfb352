"""People are split, never frames: disjoint, balanced, and the same for the same seed."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taver.core.errors import DataError
from taver.dataset.split import SplitOptions, histogram, problems, splits, still_meant


def people(count, slots=600, seed=0):
    """Return people whose valence differs: half mostly sad, half mostly glad."""
    random = np.random.default_rng(seed)
    return {
        f"P{n:02d}": histogram(
            np.clip(random.normal(0, 0.3, slots), -1, 1),
            np.clip(random.normal(0.6 if n % 2 else -0.6, 0.2, slots), -1, 1),
        )
        for n in range(1, count + 1)
    }


def test_seventeen_people_are_split_as_in_the_paper():
    split = splits(people(17))["default"]
    assert [len(split[part]) for part in ("train", "validation", "test")] == [9, 3, 5]


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 24), folds=st.sampled_from([0, 2, 3, 4, 6]), seed=st.integers(0, 1000),
    leave=st.booleans(),
)  # fmt: skip
def test_nobody_is_on_two_sides_and_nobody_is_left_out(count, folds, seed, leave):
    everybody = people(count, slots=20)
    if folds > count:
        folds = 0
    made = splits(everybody, SplitOptions(folds=folds, leave_one_out=leave, seed=seed))
    assert problems(made, everybody) == []
    assert len(made) == 1 + folds + (count if leave else 0)
    if folds:
        tested = [p for n in range(folds) for p in made[f"fold-{n + 1}"]["test"]]
        assert sorted(tested) == sorted(everybody)
    if leave:
        assert all(made[f"without-{p}"]["test"] == [p] for p in everybody)
    if count > 2:
        assert made["default"]["train"]
        assert made["default"]["test"]


def test_the_same_seed_gives_the_same_split_whatever_the_order_of_people():
    everybody = people(12)
    backwards = dict(reversed(everybody.items()))
    assert splits(everybody) == splits(backwards)
    different = [splits(everybody, SplitOptions(seed=n))["default"]["test"] for n in range(5)]
    assert len({tuple(test) for test in different}) > 1


def test_labels_are_distributed_alike_on_both_sides():
    everybody = people(16)
    for split in splits(everybody, SplitOptions(folds=4)).values():
        glad = sum(int(name[1:]) % 2 for name in split["test"])
        assert abs(glad - len(split["test"]) / 2) <= 0.5, "all sad or all glad test"


def test_people_without_labels_can_be_split():
    nothing = {f"P{n}": histogram(np.full(5, np.nan), np.full(5, np.nan)) for n in range(6)}
    assert problems(splits(nothing), nothing) == []


def test_a_corrected_label_does_not_exchange_who_tests():
    before = splits(people(17))
    changed = people(17, seed=1)
    assert splits(changed, before=before) == before
    assert splits(people(18), before=before)["default"] != before["default"]


@pytest.mark.parametrize(
    ("told", "stay"),
    [
        ({}, {"default", "fold-1", "fold-2", "without-P01"}),
        ({"leave_one_out": True}, {"default", "fold-1", "fold-2", "without-P01"}),
        ({"folds": 5}, {"default", "without-P01"}),
        ({"seed": 8}, set()),
        ({"test_share": 0.5}, set()),
        ({"validation_share": 0.5}, set()),
    ],
)
def test_splits_stay_as_long_as_the_same_is_asked_for(told, stay):
    before = {name: {} for name in ("default", "fold-1", "fold-2", "without-P01")}
    asked = SplitOptions(folds=2, seed=7)
    earlier = msgspec.to_builtins(asked) | told
    assert set(still_meant(before, earlier, asked)) == stay
    assert still_meant(before, None, asked) == before  # it did not say what was asked for


def test_one_fold_that_nobody_would_train_for_is_refused():
    with pytest.raises(ValueError, match="nobody train"):
        SplitOptions(folds=1)


def test_more_folds_than_people_are_refused():
    with pytest.raises(DataError, match="3 people"):
        splits(people(3), SplitOptions(folds=4))


def test_what_is_no_split_is_named():
    wrong = {"mine": {"train": ["P01", "P02"], "test": ["P02", "P09"]}}
    assert problems(wrong, ["P01", "P02", "P03"]) == [
        "split mine: P02 stands in it twice",
        "split mine: P09 is not in the dataset",
        "split mine: P03 is in no part",
    ]
