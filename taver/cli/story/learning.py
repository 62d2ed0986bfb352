"""The dataset, two reference models trained on it, and both judged on people they never saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from taver.cli.story.names import MODELS, Told, interviews
from taver.core import atomic
from taver.core.consent import Audience
from taver.dataset import config as building
from taver.dataset.build.run import build
from taver.training import config as settings
from taver.training import evaluate, report, runs, training

if TYPE_CHECKING:
    from pathlib import Path

    from taver.cli.story.names import Size
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.training.evaluate import Evaluation

_TRAINING: Final = "training.toml"
# Clips overlap, as there is little to learn from; the paper's do not.
_BUILD: Final = """\
# How the demo's dataset is made: taver build-dataset reads this file.
sessions = {sessions}

[split]
test_share = 0.375
validation_share = 0.2

[clips]
stride = 2
"""
_TRAIN: Final = """\
# How the demo's models learn: taver train-baseline --config training.toml --model tran
# This is the small shape: an eighth of the paper's channels, and clips that overlap.

[model]
width = {width}

[clips]
stride = 2

[optimiser]
learning_rate = 1e-3
batch = 8
epochs = {epochs}
patience = 0
loss = "ccc"

[machine]
preload = true
"""


def built(study: Study, size: Size, progress: Progress) -> Told:
    """Make the dataset, or see that it is there."""
    file = study.folder / building.FILE
    if not file.exists():
        sessions = json.dumps(interviews(size))  # not the live one, which nobody rated
        atomic.write_bytes(file, _BUILD.format(sessions=sessions).encode())
    made = build(
        study,
        str(study.folder / study.config.dataset.store),
        building.load(file),
        audience=Audience.LAB,
        jobs=2,
        progress=progress,
    )
    told = (
        f"{study.config.dataset.store}: {made.recordings} recordings of {made.people} people, "
        f"{made.counts.in_words()}"
    )
    return Told(told, fresh=not made.unchanged)


def trained(study: Study, size: Size, model: str, progress: Progress) -> Told:
    """Train one model in the small shape."""
    file = study.folder / _TRAINING
    if not file.exists():
        atomic.write_bytes(file, _TRAIN.format(width=size.width, epochs=size.epochs).encode())
    folder = folder_of(study, model)
    before = _finished(folder)
    chosen = settings.load(file, [f"model.name={model}"])
    run = training.run(str(study.folder / study.config.dataset.store), folder, chosen, progress)
    report.write_run(folder)
    best = run.best
    told = f"{model.upper()} in the small shape, weights of epoch {run.about.epochs}"
    if best is not None and best.ccc is not None:
        told += f", validation CCC {best.ccc:.2f}"
    return Told(told, fresh=not before)


def judged(study: Study, model: str, progress: Progress) -> Evaluation:
    """Judge one model on the test people."""
    folder = folder_of(study, model)
    found = evaluate.evaluate(folder, progress=progress)
    report.write_run(folder)
    return found


def told_of(found: Evaluation) -> str:
    """Say how good a model is, beside what needs no model."""
    (valence,) = found.judged
    low, high = valence.intervals["ccc"]
    between = "" if low is None or high is None else f" (95 % between {low:.2f} and {high:.2f})"
    mean = next(iter(valence.baselines.values()))
    return (
        f"{found.model.upper()} on {len(valence.people)} unseen people, valence: "
        f"CCC {_shown(valence.all.ccc)}{between}, RMSE {_shown(valence.all.rmse)}; "
        f"the training people's mean: {_shown(mean.rmse)}"
    )


def folder_of(study: Study, model: str) -> Path:
    """Return where the run of a model is."""
    return study.folder / study.config.training.folder / model


def pages(study: Study) -> list[Path]:
    """Return the pages of all runs."""
    return [folder_of(study, model) / "report.html" for model in MODELS]


def _finished(folder: Path) -> bool:
    return (folder / runs.FILE).is_file() and runs.read(folder).state == "finished"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
