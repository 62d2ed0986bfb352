"""A run judged by the paper's protocol: the only place where the test part is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from taver.core.document import Document, Part
from taver.core.errors import DataError, InputError
from taver.core.private import make_private_folder
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.dataset import read as datasets
from taver.training import baselines, engine, judging, metrics, runs
from taver.training.judging import Unit
from taver.training.postprocess import HOWS, How, Post
from taver.training.training import check_fits

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from taver.core.progress import Progress
    from taver.dataset.read import Dataset, Recording
    from taver.training.config import Device
    from taver.training.judging import Said
    from taver.training.postprocess import Floats

FOLDER: Final = "evaluation"
SCORES: Final = "scores.json"
PREDICTIONS: Final = "predictions.csv"
_BLOCK_S: Final = 10.0  # neighbouring values that the bootstrap draws together


class Row(Part, frozen=True, kw_only=True):
    """Three scores; null where there is none, and why."""

    n: int
    rmse: float | None
    cc: float | None
    ccc: float | None
    reason: str = ""


class Judged(Part, frozen=True, kw_only=True):
    """Everything said of one target."""

    target: str
    all: Row  # of all values in one row, as the paper counts
    intervals: dict[str, tuple[float | None, float | None]]  # 95 %, of `all`
    mean: Row  # the mean of the people's own scores
    people: dict[str, Row]
    raw: Row  # of all values, without post-processing
    baselines: dict[str, Row]
    post: str  # in words


class Evaluation(Document, frozen=True, kw_only=True):
    """scores.json."""

    FORMAT: ClassVar[str] = "taver-evaluation"
    VERSION: ClassVar[int] = 1

    run: str
    model: str
    dataset: str
    simulated: bool
    part: str
    split: str
    unit: Unit
    post: How
    n: int  # values judged
    interpolated: int  # of those: there was no face
    unknown: int  # values that were predicted, and that no label judges
    left_out: tuple[str, ...]  # recordings in which there is nothing to predict
    judged: tuple[Judged, ...]
    made: str = ""  # a fingerprint of what the dataset was made from
    computed: str = ""  # on what kind of device, in which precision


def evaluate(
    folder: Path,
    *,
    store: Any = None,
    part: str = datasets.TEST,
    unit: Unit = "frame",
    post: How | None = None,
    device: Device | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge a finished run, and write scores and predictions into its folder.

    It is computed on `device`; without one where the run was trained, if there is such a device.
    """
    run = runs.finished(folder)
    config = run.config
    how: How = config.protocol.post if post is None else post
    fitted = posts_of(run, unit, how, given=post is not None)
    how = how if fitted else "none"
    data = datasets.open(store if store is not None else run.about.dataset)
    check_fits(data, config)
    recordings = _recordings(data, run, part)
    told = progress or Silent()
    machine = engine.here(config.machine, device)
    with engine.threads(machine):
        model, where = judging.loaded(folder, run, machine)
        told.begin(f"judging {part}", sum(one.slots for one in recordings))
        said = judging.say(model, recordings, config, unit, where, told=told.advance)
    left_out = tuple(sorted({r.name for r in recordings} - {one.recording for one in said}))
    rate = judging.rate_hz(recordings, config, unit)
    processed = [processed_by(one, fitted, config.targets, rate) for one in said]
    judged = tuple(
        _judged(said, processed, place, target, run, fitted, rate)
        for place, target in enumerate(config.targets)
    )
    known = [np.isfinite(one.true).any(axis=1) for one in said]
    found = Evaluation(
        run=folder.name,
        model=config.model.name,
        dataset=data.where,
        simulated=data.simulated or any(one.simulated for one in recordings),
        part=part,
        split=config.protocol.split,
        unit=unit,
        post=how,
        n=int(sum(k.sum() for k in known)),
        interpolated=int(
            sum((one.interpolated & k).sum() for one, k in zip(said, known, strict=True))
        ),
        unknown=int(sum((~k).sum() for k in known)),
        left_out=left_out,
        judged=judged,
        made=runs.fingerprint(data),
        computed=f"{where.type}, {engine.precision(machine)}",
    )
    _write(folder_of(folder, found, run), found, said, processed, config.targets)
    return found


def posts_of(run: runs.Run, unit: Unit, how: How, *, given: bool) -> dict[str, Post]:
    """Return the fitted post-processing by target; nothing for `none`, or where none was fitted."""
    if how not in HOWS:
        raise InputError(
            f"There is no post-processing {how!r}", fix=f"choose one of: {', '.join(HOWS)}"
        )
    if how == "none" or (not given and run.about.post_unit != unit):
        return {}
    if given and run.about.post and run.about.post_unit != unit:
        raise InputError(
            f"The post-processing of this run was fitted by {run.about.post_unit}, not by {unit}",
            fix=f"give --unit {run.about.post_unit}, or --post none; to fit it otherwise, train "
            f"with --set protocol.unit={unit}",
        )
    if given and not run.about.post:
        raise InputError(
            "No post-processing was fitted in this run: there were no validation people",
            fix="give --post none",
        )
    return run.about.post.get(how, {})


def processed_by(
    one: Said, fitted: dict[str, Post], targets: tuple[str, ...], rate_hz: float
) -> Floats:
    """Return what was said of a recording after post-processing, within -1 to 1."""
    columns = [
        fitted.get(target, Post()).apply(one.predicted[:, place], rate_hz=rate_hz)
        for place, target in enumerate(targets)
    ]
    return np.clip(np.stack(columns, axis=-1), -1.0, 1.0)


def read_all(folder: Path) -> list[tuple[Evaluation, Path]]:
    """Return every evaluation of a run, with its folder."""
    found = sorted((folder / FOLDER).glob(f"*/{SCORES}"))
    return [(Evaluation.read(path), path.parent) for path in found]


def folder_of(folder: Path, found: Evaluation, run: runs.Run) -> Path:
    """Return where an evaluation is; one of another dataset is beside those of the run's own."""
    name = f"{found.part}-{found.unit}-{found.post}"
    if found.made != run.about.made:
        name += f"-{found.made}"
    return folder / FOLDER / name


def read_predictions(there: Path) -> pd.DataFrame:
    """Return predictions.csv of an evaluation; people may be called 001, or NA."""
    import pandas as pd

    names = {"participant": str, "recording": str}
    return pd.read_csv(there / PREDICTIONS, dtype=names, keep_default_na=False, na_values=[""])


def _recordings(data: Dataset, run: runs.Run, part: str) -> tuple[Recording, ...]:
    """Return the recordings to judge on; nobody is judged as a stranger who was trained on."""
    recordings = data.part(part, split=run.config.protocol.split)
    if not recordings:
        raise DataError(
            f"The part {part} of the split {run.config.protocol.split!r} has nobody in it",
            fix="choose another --part, or build the dataset with a split that has somebody there",
        )
    known = {person for people in run.about.people.values() for person in people}
    familiar = sorted({one.participant for one in recordings} & known)
    if familiar and part == datasets.TEST:
        raise DataError(
            f"The run has seen people of the test part: {', '.join(familiar)}",
            fix="judge it with the dataset and split it was trained with, or train again",
        )
    return recordings


def _judged(
    said: list[Said],
    processed: list[Floats],
    place: int,
    target: str,
    run: runs.Run,
    fitted: dict[str, Post],
    rate: float,
) -> Judged:
    known = [np.isfinite(one.true[:, place]) for one in said]
    true = [one.true[k, place] for one, k in zip(said, known, strict=True)]
    predicted = [values[k, place] for values, k in zip(processed, known, strict=True)]
    raw = [one.predicted[k, place] for one, k in zip(said, known, strict=True)]
    if not sum(len(values) for values in true):
        raise DataError(
            f"Nobody of this part has labels of {target}", fix="annotate, and build again"
        )
    people: dict[str, metrics.Scores] = {}
    pairs = []
    for person in sorted({one.person for one in said}):
        mine = [number for number, one in enumerate(said) if one.person == person]
        p, t = (np.concatenate([values[n] for n in mine]) for values in (predicted, true))
        if len(t):
            people[person] = metrics.scores(p, t)
            pairs.append((p, t))
    simple = {
        name: [values[k] for values, k in zip(some, known, strict=True)]
        for name, some in baselines.said_by(said, place, run.about.label_means[target]).items()
    }
    everything = np.concatenate(true)
    intervals = metrics.bootstrap(pairs, block=max(1, round(_BLOCK_S * rate)))
    return Judged(
        target=target,
        all=row(metrics.scores(np.concatenate(predicted), everything)),
        intervals={
            name: (metrics.or_none(low), metrics.or_none(high))
            for name, (low, high) in intervals.items()
        },
        mean=row(metrics.mean_of(people)),
        people={person: row(one) for person, one in people.items()},
        raw=row(metrics.scores(np.concatenate(raw), everything)),
        baselines={
            name: row(metrics.scores(np.concatenate(values), everything))
            for name, values in simple.items()
        },
        post=fitted.get(target, Post()).in_words(),
    )


def _write(
    there: Path,
    found: Evaluation,
    said: list[Said],
    processed: list[Floats],
    targets: tuple[str, ...],
) -> None:
    with explained(there):
        there.parent.mkdir(exist_ok=True)
        if not there.exists():
            make_private_folder(there)
    columns, rows = table_of(said, processed, targets)
    runs.write_table(there / PREDICTIONS, columns, rows)
    found.write(there / SCORES)


def table_of(
    said: list[Said], processed: list[Floats], targets: tuple[str, ...]
) -> tuple[list[str], list[list[Any]]]:
    """Return predictions as columns and rows, a row a value."""
    columns = ["recording", "participant", "time_s", "interpolated"]
    for target in targets:
        columns += [target, f"{target}_raw", f"{target}_true"]
    rows = []
    for one, values in zip(said, processed, strict=True):
        for number, time_s in enumerate(one.time_s):
            row: list[Any] = [
                one.recording, one.person, f"{time_s:.3f}", int(one.interpolated[number])
            ]  # fmt: skip
            for place in range(len(targets)):
                row += [
                    _text(values[number, place]),
                    _text(one.predicted[number, place]),
                    _text(one.true[number, place]),
                ]
            rows.append(row)
    return columns, rows


def _text(value: float) -> str:
    return f"{value:.6f}" if np.isfinite(value) else ""


def row(scores: metrics.Scores) -> Row:
    """Return scores as JSON can hold them."""
    return Row(
        n=scores.n,
        rmse=metrics.or_none(scores.rmse),
        cc=metrics.or_none(scores.cc),
        ccc=metrics.or_none(scores.ccc),
        reason=scores.reason,
    )
