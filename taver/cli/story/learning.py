"""The dataset, two reference models trained on it, and both judged on people they never saw."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

from taver.cli.story.names import MODELS, SEED, Told, interviews
from taver.core import atomic, lock
from taver.core.consent import Audience
from taver.core.errors import InputError
from taver.core.storage import explained
from taver.dataset import config as building
from taver.dataset.build.run import build
from taver.dataset.documents.make import make as document
from taver.dataset.documents.sums import documents_of
from taver.dataset.documents.told import Told as About
from taver.dataset.read import TEST
from taver.dataset.read import open as opened
from taver.training import checkpoint, evaluate, runs, training
from taver.training import config as settings
from taver.training.report import run as report

if TYPE_CHECKING:
    from pathlib import Path

    from taver.cli.story.names import Size
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.read import Dataset
    from taver.training.config import TrainingConfig
    from taver.training.evaluate import Evaluation

GALLERY: Final = "gallery.html"
_TRAINING: Final = "training.toml"
# Clips are short and overlap, as there is little to learn from.
_BUILD: Final = """\
# How the demo's dataset is made: taver build-dataset reads this file.
sessions = {sessions}

[split]
test_share = 0.375
validation_share = 0.2

[clips]
length = {frames}
stride = 2
"""
_TRAIN: Final = """\
# How the demo's models learn: taver train-baseline --config training.toml --model tran
# This is the small shape: fewer channels than the paper's, and short clips that overlap.

[model]
width = {width}
length = {frames}
dropout = 0.1

[clips]
stride = 2

[optimiser]
learning_rate = 1e-3
batch = 8
epochs = {epochs}
patience = 0
loss = "ccc"

[protocol]
seed = {seed}

[machine]
preload = true
"""


def built(study: Study, size: Size, progress: Progress) -> Told:
    """Make the dataset, or see that it is there."""
    file = study.folder / building.FILE
    if not file.exists():
        sessions = json.dumps(interviews(size))  # not the live one, which nobody rated
        text = _BUILD.format(sessions=sessions, frames=size.frames)
        atomic.write_bytes(file, text.encode())
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


def documented(study: Study, progress: Progress) -> Told:
    """Write the dataset's documents; those of another build are written anew."""
    page = gallery(study)
    made = study.folder / study.config.dataset.store / "zarr.json"
    fresh = not page.is_file() or page.stat().st_mtime_ns < made.stat().st_mtime_ns
    if fresh:
        document(opened(made.parent), About(), study=study, progress=progress)
    return Told(f"{page.parent.name}: datasheet, checksums, {GALLERY}", fresh=fresh)


def trained(study: Study, size: Size, model: str, progress: Progress) -> Told:
    """Train one model in the small shape."""
    file = study.folder / _TRAINING
    if not file.exists():
        text = _TRAIN.format(width=size.width, frames=size.frames, epochs=size.epochs, seed=SEED)
        atomic.write_bytes(file, text.encode())
    folder = folder_of(study, model)
    chosen = settings.load(file, [f"model.name={model}"])
    store = str(study.folder / study.config.dataset.store)
    aside = _set_aside(folder, opened(store), chosen)
    before = _finished(folder)
    try:
        run = training.run(store, folder, chosen, progress)
    except InputError as error:
        raise InputError(
            error.what,
            fix=f"undo what was changed in {file.name}, or try it beside this run: taver "
            f"train-baseline --config {file.name} --model {model} --out runs/mine",
            problems=error.problems,
        ) from error
    report.write(folder)
    best = run.best
    told = f"{model.upper()} in the small shape, weights of epoch {run.about.epochs}"
    if best is not None and best.ccc is not None:
        told += f", validation CCC {best.ccc:.2f}"
    if aside is not None:
        told += f"; the dataset is another one now, and the run before is {aside.name}"
    return Told(told, fresh=not before)


def judged(study: Study, model: str, progress: Progress) -> Evaluation:
    """Judge one model on the test people, unless that was done since it learnt."""
    folder = folder_of(study, model)
    found = _judged_before(study, folder)
    if found is None:
        found = evaluate.evaluate(folder, progress=progress)
        report.write(folder)
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


def gallery(study: Study) -> Path:
    """Return where pictures of the dataset are."""
    return documents_of(study.folder / study.config.dataset.store) / GALLERY


def pages(study: Study) -> list[Path]:
    """Return the pages of all runs."""
    return [folder_of(study, model) / "report.html" for model in MODELS]


def _set_aside(folder: Path, data: Dataset, chosen: TrainingConfig) -> Path | None:
    """Move a run away that learnt from the dataset as it was before; return where it is now."""
    if not (folder / runs.FILE).is_file():
        return None
    about = runs.read(folder).about
    people = {
        part: tuple(
            sorted({one.participant for one in data.part(part, split=chosen.protocol.split)})
        )
        for part in about.people
    }
    if (about.made, about.people) == (runs.fingerprint(data), people):
        return None
    with lock.held(folder, f"The run {folder.name}"):
        pass  # the lock's own file lies in there: Windows moves no folder with an open file
    taken = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(1))
    aside = next(path for path in taken if not path.exists())
    with explained(folder):
        folder.rename(aside)
    return aside


def _judged_before(study: Study, folder: Path) -> Evaluation | None:
    made = study.folder / study.config.dataset.store / "zarr.json"
    after_ns = max(path.stat().st_mtime_ns for path in (folder / checkpoint.BEST, made))
    usual = (TEST, "frame", runs.read(folder).config.protocol.post)
    for found, there in evaluate.read_all(folder):
        written_ns = (there / evaluate.SCORES).stat().st_mtime_ns
        if (found.part, found.unit, found.post) == usual and written_ns > after_ns:
            return found
    return None


def _finished(folder: Path) -> bool:
    return (folder / runs.FILE).is_file() and runs.read(folder).state == "finished"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
