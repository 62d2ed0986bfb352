"""Who trains, who validates and who tests: split by person, never by frame, balanced by labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np

from taver.core.errors import DataError
from taver.dataset.read import DEFAULT, TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from taver.dataset.read import Recording

    Split = dict[str, list[str]]
    Splits = dict[str, Split]

BINS: Final = 10
FOLD: Final = "fold-"  # begins the names of a cross-validation's splits
WITHOUT: Final = "without-"  # and those of one that leaves each person out
_TRIES: Final = 500  # random ways to divide people, of which the best balanced one is taken


class SplitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people are divided; the defaults are the paper's: 9 train, 3 validate, 5 test."""

    test_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 5 / 17
    validation_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 3 / 12  # of who does not test
    folds: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0  # also fold-1, fold-2, ...
    leave_one_out: bool = False  # also without-P01, without-P02, ...
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 0

    def __post_init__(self) -> None:
        if self.folds == 1:
            raise ValueError("folds = 1 would let everybody test and nobody train; give 2 or more")


def histogram(
    arousal: npt.NDArray[np.floating], valence: npt.NDArray[np.floating]
) -> npt.NDArray[np.int64]:
    """Return how often each range of labels was seen in one person's slots; NaN counts nowhere."""
    edges = np.linspace(-1, 1, BINS + 1)
    return np.concatenate(
        [np.histogram(values[np.isfinite(values)], edges)[0] for values in (arousal, valence)]
    ).astype(np.int64)


def histograms(recordings: Iterable[Recording]) -> dict[str, npt.NDArray[np.int64]]:
    """Return each person's histogram, over all of their recordings."""
    found: dict[str, npt.NDArray[np.int64]] = {}
    for recording in recordings:
        counts = histogram(recording.column("arousal"), recording.column("valence"))
        found[recording.participant] = found.get(recording.participant, 0) + counts
    return found


def splits(
    people: Mapping[str, npt.NDArray[np.int64]],
    options: SplitOptions | None = None,
    *,
    before: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> Splits:
    """Return every split of these people that the options ask for, by its name.

    `before` are the splits of an earlier build: one that is of the same people and sizes stays as
    it is, so that a corrected label does not exchange who tests.
    """
    options = options or SplitOptions()
    made = {DEFAULT: _held_out(people, options)}
    if options.folds:
        made |= _folds(people, options)
    if options.leave_one_out:
        for name in sorted(people):
            made[f"{WITHOUT}{name}"] = _around([name], people, options)
    for name, split in made.items():
        earlier = (before or {}).get(name)
        if earlier is not None and _same_kind(earlier, split):
            made[name] = {part: list(who) for part, who in earlier.items()}
    return made


def still_meant(
    before: Mapping[str, Mapping[str, Sequence[str]]],
    told: Mapping[str, object] | None,
    options: SplitOptions,
) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return those of an earlier build's splits for which the same was asked as now.

    `told` are its options, or None where it did not say; whoever changes them wants other splits.
    """
    now = msgspec.to_builtins(options)
    if told is None or told == now:
        return before
    of_all = ("test_share", "validation_share", "seed")
    if any(told.get(name) != now[name] for name in of_all):
        return {}
    same_folds = told.get("folds") == now["folds"]
    return {n: split for n, split in before.items() if same_folds or not n.startswith(FOLD)}


def problems(splits: Mapping[str, Mapping[str, Sequence[str]]], people: Iterable[str]) -> list[str]:
    """Return in what splits are none: somebody on two sides, not there, or left out."""
    known, found = set(people), []
    for name, split in splits.items():
        everybody = [person for part in split.values() for person in part]
        twice = sorted({person for person in everybody if everybody.count(person) > 1})
        found += [f"split {name}: {person} stands in it twice" for person in twice]
        strangers = sorted(set(everybody) - known)
        found += [f"split {name}: {person} is not in the dataset" for person in strangers]
        found += [f"split {name}: {p} is in no part" for p in sorted(known - set(everybody))]
    return found


def _held_out(people: Mapping[str, npt.NDArray[np.int64]], options: SplitOptions) -> Split:
    names = sorted(people)
    count = _count(options.test_share, len(names))
    test = _groups(names, [len(names) - count, count], people, options.seed)[1]
    return _around(test, people, options)


def _around(
    test: Sequence[str], people: Mapping[str, npt.NDArray[np.int64]], options: SplitOptions
) -> Split:
    """Return the split with these people testing."""
    rest = [name for name in sorted(people) if name not in set(test)]
    count = _count(options.validation_share, len(rest))
    train, validation = _groups(rest, [len(rest) - count, count], people, options.seed + 1)
    return {TRAIN: train, VALIDATION: validation, TEST: sorted(test)}


def _count(share: float, people: int) -> int:
    """Return how many people a share is: somebody, if any is asked for, and never everybody."""
    if not share or people < 2:
        return 0
    return min(max(round(share * people), 1), people - 1)


def refuse_folds(people: int, options: SplitOptions | None) -> None:
    """Raise DataError where there are more folds than people: said before hours of work."""
    if options is not None and options.folds > people:
        raise DataError(
            f"{people} people cannot be divided into {options.folds} folds",
            fix="ask for no more of them in [split] of build.toml: folds = "
            f"{people if people > 1 else 0}",
        )


def _folds(people: Mapping[str, npt.NDArray[np.int64]], options: SplitOptions) -> Splits:
    refuse_folds(len(people), options)
    base, more = divmod(len(people), options.folds)
    sizes = [base + (number < more) for number in range(options.folds)]
    groups = _groups(sorted(people), sizes, people, options.seed + 2)
    return {
        f"{FOLD}{number}": _around(group, people, options)
        for number, group in enumerate(groups, start=1)
    }


def _groups(
    names: Sequence[str],
    sizes: Sequence[int],
    people: Mapping[str, npt.NDArray[np.int64]],
    seed: int,
) -> list[list[str]]:
    """Divide people into groups of these sizes whose labels are distributed alike.

    Of many random divisions the one is taken whose groups' label histograms are nearest to
    everybody's, and whose groups have their share of labelled slots.
    """
    if not names or sum(size > 0 for size in sizes) < 2:
        return [list(names) if size else [] for size in sizes]
    counts = np.stack([people[name] for name in names]).astype(np.float64)
    group_of = np.repeat(np.arange(len(sizes)), sizes)
    random = np.random.default_rng(seed)
    best, best_score = group_of, np.inf
    for _ in range(_TRIES):
        tried = random.permutation(group_of)
        score = _imbalance(counts, tried, sizes)
        if score < best_score:
            best, best_score = tried, score
    return [
        [name for name, group in zip(names, best, strict=True) if group == number]
        for number in range(len(sizes))
    ]


def _imbalance(
    counts: npt.NDArray[np.float64], group_of: npt.NDArray[np.int64], sizes: Sequence[int]
) -> float:
    """Return how far the groups' labels are from their share of everybody's, summed over bins."""
    total = counts.sum()
    if not total:
        return 0.0
    everybody = counts.sum(axis=0)
    score = 0.0
    for group, size in enumerate(sizes):
        if size:
            share = size / len(group_of)
            there = counts[group_of == group].sum(axis=0)
            score += float(np.abs(there - share * everybody).sum()) / (share * total)
    return score


def _same_kind(earlier: Mapping[str, Sequence[str]], split: Split) -> bool:
    if set(earlier) != set(split):
        return False
    same_sizes = all(len(earlier[part]) == len(split[part]) for part in split)
    return same_sizes and {p for who in earlier.values() for p in who} == {
        p for who in split.values() for p in who
    }
