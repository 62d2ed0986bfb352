"""Several runs of one plan: one after the other, each gone on with where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from taver.core.errors import TaverError
from taver.core.private import make_private_folder
from taver.core.storage import explained
from taver.training import evaluate, runs, training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.training.config import TrainingConfig
    from taver.training.evaluate import Evaluation


class Planned(NamedTuple):
    """One run of a plan."""

    name: str  # of its folder
    config: TrainingConfig


class Outcome(NamedTuple):
    """What came of it: its evaluation on the test part, or why there is none."""

    name: str
    run: runs.Run | None
    evaluation: Evaluation | None
    error: TaverError | None = None


def with_seeds(plan: Sequence[Planned]) -> list[Planned]:
    """Return the plan with each run as often as its config asks, each time with its own seed."""
    from taver.training.config import changed

    found = []
    for one in plan:
        protocol = one.config.protocol
        for seed in range(protocol.seed, protocol.seed + protocol.seeds):
            name = one.name if protocol.seeds == 1 else f"{one.name}-seed{seed}".lstrip("-")
            config = changed(one.config, f"protocol.seed={seed}", "protocol.seeds=1")
            found.append(one._replace(name=name, config=config))
    return found


def run_all(
    store: Any,
    folder: Path,
    plan: Sequence[Planned],
    progress: Progress,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Train and judge each; one that cannot be trained does not stop the others."""
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            make_private_folder(folder)
    outcomes = []
    for number, one in enumerate(plan, start=1):
        outcome = _outcome(store, folder / one.name, one, progress)
        outcomes.append(outcome)
        if outcome.evaluation is not None:
            told = outcome.evaluation.judged[0].all
            score = "none" if told.ccc is None else f"{told.ccc:.3f}"
            say(f"{number} of {len(plan)}: {one.name}, CCC {score}")
        else:
            say(f"{number} of {len(plan)}: {one.name} could not be done: {outcome.error}")
    return outcomes


def raise_if_all_failed(outcomes: Sequence[Outcome]) -> None:
    """Raise what stopped them if not a single run came to its end."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if not failed or len(failed) < len(outcomes):
        return
    first = failed[0].error
    assert first is not None
    if len({str(outcome.error) for outcome in failed}) == 1:
        raise first
    raise TaverError(
        f"None of the {len(outcomes)} runs could be done",
        fix=first.fix,
        problems=[f"{outcome.name}: {outcome.error}" for outcome in failed],
    )


def _outcome(store: Any, folder: Path, one: Planned, progress: Progress) -> Outcome:
    unit = one.config.protocol.unit
    try:
        run = training.run(store, folder, one.config, progress)
        there = [found for found, _ in evaluate.read_all(folder) if _is_of(found, run, one)]
        found = there[0] if there else None
        if found is None:
            device = one.config.machine.device
            found = evaluate.evaluate(
                folder, store=store, unit=unit, device=device, progress=progress
            )
    except TaverError as error:
        return Outcome(one.name, None, None, error)
    return Outcome(one.name, run, found)


def _is_of(found: Evaluation, run: runs.Run, one: Planned) -> bool:
    """Tell whether an evaluation is the one that the plan asks for."""
    protocol = one.config.protocol
    fitted = evaluate.posts_of(run, protocol.unit, protocol.post, given=False)
    wanted = ("test", protocol.unit, protocol.post if fitted else "none", run.about.made)
    return (found.part, found.unit, found.post, found.made) == wanted
