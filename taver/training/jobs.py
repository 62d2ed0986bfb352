"""What the commands of training ask for, from where a person stands to what is told them."""

from __future__ import annotations

import contextlib
import os
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taver.core.errors import InputError, NotFoundError
from taver.core.study import Study
from taver.training import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taver.core.progress import Progress
    from taver.training.config import TrainingConfig
    from taver.training.evaluate import Evaluation, Judged
    from taver.training.predict import Predicted


@contextlib.contextmanager
def told_of_stop(say: Callable[[str], None]) -> Iterator[None]:
    """Tell who pressed Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        say("What was trained is saved; the same command goes on from here.")
        raise


def train(
    config: TrainingConfig,
    *,
    data: str | None,
    out: Path | None,
    ablate: str | None,
    cross: str | None,
    progress: Progress,
    say: Callable[[str], None],
) -> list[str]:
    """Train what is asked for; return what is told in the end."""
    if ablate is not None and cross is not None:
        raise InputError("--ablate and --cross were both given", fix="give one of them")
    from taver.training import engine

    study = _study()
    store = _dataset(study, data)
    several = config.protocol.seeds > 1
    name = config.model.name + (f"-{ablate or cross}" if ablate or cross else "")
    folder = _out(study, out, f"ablation-{ablate}" if ablate else name)
    if (advice := engine.advice(config.machine)) is not None:
        say(advice)
    if ablate is not None:
        return _ablate(store, folder, ablate, config, progress, say)
    if cross is not None:
        return _cross(store, folder, cross, config, progress, say)
    if several:
        return _seeds(store, folder, config, progress, say)
    from taver.training import training
    from taver.training.report import run as report

    run = training.run(store, folder, config, progress)
    page = report.write(folder)
    best = run.best
    told = f"{config.model.name}: weights of epoch {run.about.epochs}"
    if best is not None and best.ccc is not None:
        told += f", validation CCC {best.ccc:.3f}"
    say(f"Judge it on the test people with: taver evaluate {folder}")
    return [told, str(page)]


def evaluate(
    run: Path,
    *,
    data: str | None,
    part: str,
    unit: Any,
    post: Any,
    device: Any,
    progress: Progress,
) -> list[tuple[Evaluation, Path]]:
    """Judge a run, or each seed of it; return the scores, and the pages."""
    from taver.training import evaluate as evaluating
    from taver.training.report import run as report

    found = []
    for folder in _seeds_in(run) or [find(run)]:
        judged = evaluating.evaluate(
            folder, store=data, part=part, unit=unit, post=post, device=device, progress=progress
        )
        found.append((judged, report.write(folder)))
    return found


def median_of(found: list[tuple[Evaluation, Path]]) -> list[str]:
    """Say what several seeds reached, target by target."""
    told = []
    for place, one in enumerate(found[0][0].judged):
        cccs = [judged.judged[place].all.ccc for judged, _ in found]
        known = [ccc for ccc in cccs if ccc is not None]
        if known:
            told.append(
                f"{one.target}: median CCC of {len(known)} seeds {statistics.median(known):.3f} "
                f"({min(known):.3f} to {max(known):.3f})"
            )
    return told


def predict(
    run: Path,
    session: str,
    *,
    data: str | None,
    post: Any,
    attention: bool,
    device: Any,
    progress: Progress,
) -> Predicted:
    """Let a run speak of a session."""
    from taver.training import predict as predicting

    return predicting.predict(
        find(run),
        session,
        study=_study(),
        store=data,
        post=post,
        attention=attention,
        device=device,
        progress=progress,
    )


def find(run: Path) -> Path:
    """Return the folder of a run: the path itself, or that name in the study."""
    if (run / runs.FILE).is_file():
        return run
    study = _study()
    if study is not None:
        inner = study.runs_folder / run
        if (inner / runs.FILE).is_file():
            return inner
    if run.is_dir() and any(run.glob(f"*/{runs.FILE}")):
        names = sorted(str(path.parent) for path in run.glob(f"*/{runs.FILE}"))
        raise NotFoundError(f"{run} holds several runs", fix=f"give one: {', '.join(names)}")
    raise NotFoundError(
        f"There is no run in {run}",
        fix="give the folder that taver train-baseline wrote, such as runs/tran",
    )


def _seeds_in(run: Path) -> list[Path]:
    """Return the runs of several seeds below a folder, if it is one of those."""
    study = _study()
    inner = [] if study is None else [study.runs_folder / run]
    for folder in (run, *inner):
        if (folder / runs.FILE).is_file():
            return []
        found = sorted(path.parent for path in folder.glob(f"seed*/{runs.FILE}"))
        if found:
            return found
    return []


def table_of(judged: Judged) -> tuple[list[str], list[list[str]]]:
    """Return scores as a table for a terminal."""

    def cells(name: str, row: Any) -> list[str]:
        values = (row.rmse, row.cc, row.ccc)
        return [name, str(row.n), *("-" if v is None else f"{v:.3f}" for v in values)]

    low, high = judged.intervals["ccc"]
    rows = [
        cells("all values", judged.all),
        cells("without post-processing", judged.raw),
        cells("mean of people", judged.mean),
        *(cells(person, row) for person, row in judged.people.items()),
        *(cells(f"baseline: {name}", row) for name, row in judged.baselines.items()),
    ]
    if low is not None and high is not None:
        rows.insert(1, ["95 % between", "", "", "", f"{low:.3f}, {high:.3f}"])
    return ["", "n", "RMSE", "CC", "CCC"], rows


def _study() -> Study | None:
    try:
        return Study.find(Path.cwd())
    except NotFoundError:
        return None


def _dataset(study: Study | None, given: str | None) -> str:
    from taver.dataset.stores import is_remote, of_study

    if given is not None:
        return given if is_remote(given) else os.path.abspath(given)  # noqa: PTH100  links stay
    if study is None:
        raise NotFoundError(
            "Which dataset to train on is not said, and there is no study here",
            fix="give --data DATASET and --out FOLDER, or change to the study's folder",
        )
    return of_study(study)


def _out(study: Study | None, given: Path | None, name: str) -> Path:
    if given is not None:
        return given
    if study is None:
        raise InputError("Where to put the run is not said", fix="give --out FOLDER")
    return study.runs_folder / name


def _seeds(
    store: str,
    folder: Path,
    config: TrainingConfig,
    progress: Progress,
    say: Callable[[str], None],
) -> list[str]:
    """Train the same with several seeds, without opening the test people."""
    from taver.training import series, training
    from taver.training.report import run as report

    plan = series.with_seeds([series.Planned("", config)])
    told = []
    for one in plan:
        run = training.run(store, folder / one.name, one.config, progress)
        report.write(folder / one.name)
        ccc = run.best.ccc if run.best is not None else None
        say(f"{one.name}: validation CCC {'none' if ccc is None else f'{ccc:.3f}'}")
        told.append(str(folder / one.name))
    return told


def _ablate(
    store: str,
    folder: Path,
    what: str,
    config: TrainingConfig,
    progress: Progress,
    say: Callable[[str], None],
) -> list[str]:
    from taver.training import ablate
    from taver.training.report import ablation as report

    found = ablate.ablate(store, folder, what, config, progress, say=say)
    lines = [
        f"{line.label}: CCC {'-' if line.ccc is None else f'{line.ccc:.3f}'}"
        + (f" (printed {line.printed[2]:.3f})" if line.printed else "")
        for line in found.lines
    ]
    return [*lines, str(report.write(folder, found))]


def _cross(
    store: str,
    folder: Path,
    how: str,
    config: TrainingConfig,
    progress: Progress,
    say: Callable[[str], None],
) -> list[str]:
    from taver.training import cross
    from taver.training.report import cross as report

    found = cross.cross(store, folder, how, config, progress, say=say)
    lines = [
        f"{one.target} of {len(one.people)} people, each judged by a run that has not seen them: "
        f"CCC {'-' if one.all.ccc is None else f'{one.all.ccc:.3f}'}"
        + (f" (the middle of {len(one.seeds)} seeds)" if one.seeds else "")
        for one in found
    ]
    return [*lines, str(report.write(folder, found))]
