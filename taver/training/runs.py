"""A run's folder: what was trained on what, how it went, and where its weights are.

runs/tran/
  run.json                 the config, the dataset, the people of each part, the state
  metrics.csv, .json       a row an epoch; the result
  last.ckpt, best.ckpt     where training goes on; what is evaluated
  evaluation/<part>-<unit>-<post>/   scores.json, predictions.csv; of another dataset: with its
                                     fingerprint behind
  predictions/             of sessions: a table and a page each
  report.html
"""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import msgspec

from taver.core import atomic
from taver.core.document import Document, Part
from taver.core.errors import AlreadyThereError, DataError, NotFoundError, TaverError
from taver.core.private import make_private_folder
from taver.core.session.manifest import software
from taver.core.storage import explained
from taver.training.config import TrainingConfig, problems_of_resuming
from taver.training.postprocess import Post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.dataset.read import Dataset, Recording
    from taver.training.checkpoint import Loaded

FILE: Final = "run.json"
METRICS: Final = "metrics.csv"
RESULT: Final = "metrics.json"


class Epoch(Part, frozen=True, kw_only=True):
    """One time through all clips of the training part."""

    phase: Literal["select", "refit"]
    epoch: int  # from 1
    step: int
    loss: float  # mean over the epoch, as it was while weights changed
    rmse: float | None = None  # of the validation people, clip by clip
    cc: float | None = None
    ccc: float | None = None
    learning_rate: float
    clips_per_s: float
    input_wait: float  # share of the time in which training waited for pictures
    took_s: float


class About(Part, frozen=True, kw_only=True):
    """What a run was trained on; it stands in every checkpoint."""

    dataset: str  # where it was
    made: str  # a fingerprint of what it was made from
    simulated: bool
    people: dict[str, tuple[str, ...]]  # of the parts train and validation
    clips: dict[str, str]  # of each part, in words: how many, and what was left out
    without_relaxing: tuple[str, ...] = ()  # recordings whose heat is absolute for lack of one
    software: dict[str, str] = msgspec.field(default_factory=dict)
    began: str = ""  # from which weights
    epochs: int = 0  # after how many the weights were taken
    label_means: dict[str, float] = msgspec.field(default_factory=dict)  # of the training clips
    # How the dataset's pictures were cut (size, rate, crop); nothing where it does not say.
    cut: dict[str, Any] = msgspec.field(default_factory=dict)
    # By how, then by target; fitted on values of `post_unit`.
    post: dict[str, dict[str, Post]] = msgspec.field(default_factory=dict)
    post_unit: Literal["frame", "clip"] = "frame"


class Run(Document, frozen=True, kw_only=True):
    """run.json."""

    FORMAT: ClassVar[str] = "taver-run"
    VERSION: ClassVar[int] = 1

    config: TrainingConfig
    about: About
    state: Literal["training", "finished"] = "training"
    best: Epoch | None = None


def about(
    data: Dataset,
    parts: dict[str, tuple[Recording, ...]],
    counts: dict[str, str],
    label_means: dict[str, float],
) -> About:
    """Describe what is trained on."""
    recordings = [recording for part in parts.values() for recording in part]
    return About(
        dataset=data.where,
        made=fingerprint(data),
        simulated=data.simulated or any(recording.simulated for recording in recordings),
        people={
            part: tuple(sorted({recording.participant for recording in some}))
            for part, some in parts.items()
        },
        clips=counts,
        label_means=label_means,
        without_relaxing=tuple(
            recording.name
            for recording in recordings
            if "thermal" in recording.modalities and recording.relaxing_face_k is None
        ),
        software={**software(), "torch": _torch()},
        cut=dict((data.attributes.get("made") or {}).get("settings") or {}),
    )


def fingerprint(data: Dataset) -> str:
    """Return a short name of what a dataset was made from."""
    told = {
        "made": data.attributes.get("made"),
        "recordings": {
            name: [one.slots, one.attributes.get("made")] for name, one in data.recordings.items()
        },
    }
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:16]


def make_folder(folder: Path) -> None:
    """Make the folder of a run that starts; one that holds something else is refused."""
    with explained(folder):
        if folder.exists() and not folder.is_dir():
            raise AlreadyThereError(f"{folder} is a file", fix="choose another --out")
        # A lock alone is of a run that was ended before it could write a line.
        there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        if FILE not in there and any(not name.startswith(".lock") for name in there):
            raise AlreadyThereError(
                f"{folder} holds something else than a run", fix="choose another --out"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            make_private_folder(folder)


def check_belongs(path: Path, found: Loaded, config: TrainingConfig, about: About) -> None:
    """Raise if a checkpoint is of another run: of another model, or learnt from other people."""
    problems = problems_of_resuming(config, found.config)
    people = {part: list(some) for part, some in about.people.items()}
    if found.about.get("made") != about.made or found.about.get("people") != people:
        problems.append("it was trained on another dataset, or on other people of it")
    if problems:
        raise DataError(
            f"{path} is a checkpoint of another run than its folder's",
            fix=f"put the {path.name} of this run back, from a backup; or train again, in another "
            "--out",
            problems=problems,
        )


def read(folder: Path) -> Run:
    """Return what is said of the run in this folder."""
    if not (folder / FILE).is_file():
        raise NotFoundError(
            f"There is no run in {folder}",
            fix="give the folder that taver train-baseline wrote, such as runs/tran",
        )
    return Run.read(folder / FILE)


def finished(folder: Path) -> Run:
    """Return what is said of a run that has come to its end, or raise."""
    run = read(folder)
    if run.state != "finished":
        raise TaverError(
            f"The run in {folder} has not finished training",
            fix="give the same taver train-baseline command again: it goes on where it stopped",
        )
    return run


def write_metrics(folder: Path, history: Sequence[Epoch]) -> None:
    """Write metrics.csv, a row an epoch."""
    rows = [msgspec.to_builtins(epoch) for epoch in history]
    write_table(folder / METRICS, Epoch.__struct_fields__, [list(row.values()) for row in rows])


def read_metrics(folder: Path) -> list[Epoch]:
    """Return the rows of metrics.csv, an epoch each; none where it is not there yet."""
    path = folder / METRICS
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
        return msgspec.convert(rows, list[Epoch], strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read: {error}", fix="restore it from a backup, or delete it"
        ) from None


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a CSV file, all at once."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    atomic.write_bytes(path, text.getvalue().encode())


def write_json(path: Path, tree: Any) -> None:
    """Write a JSON file, all at once; NaN becomes null."""
    atomic.write_bytes(path, msgspec.json.format(msgspec.json.encode(tree), indent=2) + b"\n")


def _torch() -> str:
    from importlib.metadata import version

    return version("torch")
