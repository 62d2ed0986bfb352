"""Cross-validation by person: everybody is judged once, by a run that has never seen them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from taver.core.document import Document
from taver.core.errors import InputError
from taver.dataset import read as datasets
from taver.dataset import split
from taver.training import evaluate, metrics, series
from taver.training.config import changed
from taver.training.evaluate import Row
from taver.training.series import Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.dataset.read import Dataset
    from taver.training.config import TrainingConfig
    from taver.training.series import Outcome


class Cross(Document, frozen=True, kw_only=True):
    """cross.json."""

    FORMAT: ClassVar[str] = "taver-cross-validation"
    VERSION: ClassVar[int] = 1

    target: str
    dataset: str
    simulated: bool
    all: Row  # of everybody's values in one row, each judged by a run that has not seen them
    mean: Row  # the mean of the people's own scores
    people: dict[str, Row]
    folds: dict[str, Row]
    failed: dict[str, str]
    # With several seeds everything above is of the one whose CCC is in the middle.
    seed: int = 0
    seeds: dict[str, Row] = msgspec.field(default_factory=dict)  # `all` of each


def splits_of(data: Dataset, how: str) -> list[str]:
    """Return the splits that `folds` or `people` means, which the dataset has to have."""
    prefix = {"folds": split.FOLD, "people": split.WITHOUT}[how]
    found = [name for name in data.splits if name.startswith(prefix)]
    if not found:
        wanted = "folds = 5" if how == "folds" else "leave_one_out = true"
        raise InputError(
            f"{data.where} has no splits for cross-validation by {how}",
            fix=f"build or import it again with {wanted} under [split] in its --config: see "
            "docs/sharing.md",
        )
    return sorted(found, key=lambda name: (len(name), name))


def cross(
    store: Any,
    folder: Path,
    how: str,
    config: TrainingConfig,
    progress: Progress,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Cross, ...]:
    """Train and judge a run for each fold that is not done yet; return each target's result."""
    data = datasets.open(store)
    plan = series.with_seeds([
        Planned(name, changed(config, f'protocol.split="{name}"'))
        for name in splits_of(data, how)
    ])  # fmt: skip
    outcomes = series.run_all(store, folder, plan, progress, say=say)
    series.raise_if_all_failed(outcomes)
    by_seed: dict[int, list[Outcome]] = {}
    for one, outcome in zip(plan, outcomes, strict=True):
        by_seed.setdefault(one.config.protocol.seed, []).append(outcome)
    found = tuple(_middle(folder, target, by_seed) for target in config.targets)
    for result in found:
        result.write(folder / f"cross-{result.target}.json")
    return found


def _middle(folder: Path, target: str, by_seed: Mapping[int, Sequence[Outcome]]) -> Cross:
    """Judge each seed by itself; return the one whose CCC is in the middle, with all of them."""
    each = [
        _pooled(folder, target, outcomes, seed)
        for seed, outcomes in by_seed.items()
        if any(outcome.evaluation is not None for outcome in outcomes)
    ]
    if len(by_seed) == 1:
        return each[0]
    ranked = sorted(each, key=lambda one: -2.0 if one.all.ccc is None else one.all.ccc)
    return msgspec.structs.replace(
        ranked[(len(ranked) - 1) // 2],
        seeds={str(one.seed): one.all for one in each},
        failed={
            outcome.name: str(outcome.error)
            for outcomes in by_seed.values()
            for outcome in outcomes
            if outcome.error is not None
        },
    )


def _pooled(folder: Path, target: str, outcomes: Sequence[Outcome], seed: int) -> Cross:
    """Put all folds' predictions together and judge them as one."""
    import pandas as pd

    done = [outcome for outcome in outcomes if outcome.evaluation is not None]
    tables, folds = [], {}
    for outcome in done:
        assert outcome.evaluation is not None
        judged = {one.target: one for one in outcome.evaluation.judged}[target]
        folds[outcome.name] = judged.all
        for found, there in evaluate.read_all(folder / outcome.name):
            if found == outcome.evaluation:
                tables.append(evaluate.read_predictions(there))
    table = pd.concat(tables).dropna(subset=[target, f"{target}_true"])
    said, true = table[target].to_numpy(np.float64), table[f"{target}_true"].to_numpy(np.float64)
    people = {
        str(person): metrics.scores(some[target].to_numpy(), some[f"{target}_true"].to_numpy())
        for person, some in table.groupby("participant")
    }
    evaluations = [outcome.evaluation for outcome in done if outcome.evaluation is not None]
    return Cross(
        target=target,
        dataset=evaluations[0].dataset,
        simulated=any(one.simulated for one in evaluations),
        all=evaluate.row(metrics.scores(said, true)),
        mean=evaluate.row(metrics.mean_of(people)),
        people={person: evaluate.row(one) for person, one in people.items()},
        folds=folds,
        failed={one.name: str(one.error) for one in outcomes if one.error is not None},
        seed=seed,
    )
