"""One training run from a dataset to a folder: chosen on validation people, and refitted if asked.

The test part of the split is not opened here: neither its pictures nor its labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from taver.core import lock
from taver.core.errors import DataError, InputError
from taver.core.progress import Silent
from taver.dataset import read as datasets
from taver.training import fitting, runs, samples
from taver.training.config import problems_of_resuming

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.dataset.read import Dataset, Recording
    from taver.training.config import TrainingConfig
    from taver.training.samples import Samples


class Prepared(NamedTuple):
    """What a run learns from and chooses by."""

    training: Samples
    validation: Samples | None
    recordings: tuple[Recording, ...]  # of the validation part
    about: runs.About


def run(
    store: Any, folder: Path, config: TrainingConfig, progress: Progress | None = None
) -> runs.Run:
    """Train, or go on with training, until there is a finished run in `folder`."""
    told = progress or Silent()
    data = datasets.open(store)
    prepared = prepare(data, config)
    finished = _before(folder, config, prepared.about)
    if finished is not None:
        return finished
    runs.make_folder(folder)
    with lock.held(folder, f"The run {folder.name}"):
        finished = _before(folder, config, prepared.about)  # by another program, until now
        if finished is None:
            # Nothing was trained yet, or settings that may change did.
            runs.Run(config=config, about=prepared.about).write(folder / runs.FILE)
            _train(store, folder, config, prepared, told)
    return runs.read(folder)


def prepare(data: Dataset, config: TrainingConfig) -> Prepared:
    """Return the clips of the training and validation people, or raise all that is wrong."""
    check_fits(data, config)
    found, told, parts = {}, {}, {}
    for part in (datasets.TRAIN, datasets.VALIDATION):
        recordings = data.part(part, split=config.protocol.split)
        _check_modalities(recordings, config)
        some, counts = samples.labelled(
            recordings, config.clip_options, config.targets, config.model.clip_label
        )
        found[part], told[part], parts[part] = some, counts.in_words(), recordings
        if config.machine.preload:
            for recording in recordings:
                recording.preload()
    _check_enough(data, config, found, told)
    validation = found[datasets.VALIDATION]
    return Prepared(
        found[datasets.TRAIN],
        validation if validation.clips else None,
        parts[datasets.VALIDATION],
        runs.about(data, parts, told, _means(found[datasets.TRAIN], config)),
    )


def _means(training: Samples, config: TrainingConfig) -> dict[str, float]:
    means = training.labels.mean(axis=0, dtype="f8") if training.clips else []
    return {target: float(mean) for target, mean in zip(config.targets, means, strict=False)}


def check_fits(data: Dataset, config: TrainingConfig) -> None:
    """Raise if the model cannot see these pictures."""
    there = {str(modality) for modality in data.modalities}
    lacking = [modality for modality in config.modalities if modality not in there]
    if lacking:
        left = ",".join(modality for modality in config.modalities if modality in there)
        raise InputError(
            f"The dataset {data.where} has no {', '.join(lacking)}; "
            f"the model {config.model.name} is to see {', '.join(config.modalities)}",
            fix=f"give --set model.modalities={left}, or build the dataset with it",
        )
    if data.size_px != config.model.size_px:
        raise InputError(
            f"The dataset's pictures are {data.size_px} pixels wide, the model's "
            f"{config.model.size_px}",
            fix=f"give --set model.size_px={data.size_px}",
        )


def _check_modalities(recordings: tuple[Recording, ...], config: TrainingConfig) -> None:
    problems = []
    for recording in recordings:
        there = {str(modality) for modality in recording.modalities}
        lacking = [modality for modality in config.modalities if modality not in there]
        if lacking:
            problems.append(f"{recording.name} has no {', '.join(lacking)}")
    if problems:
        raise DataError(
            f"{len(problems)} recordings lack what the model is to see",
            fix="give --set model.modalities=... with what all have, or build the dataset "
            "without these people",
            problems=problems,
        )


def _check_enough(
    data: Dataset, config: TrainingConfig, found: dict[str, Samples], told: dict[str, str]
) -> None:
    """Raise if there is nothing to learn from, or nobody to choose by."""
    problems = [f"{part}: {words}" for part, words in told.items()]
    if len(data.people) < 2:
        raise DataError(
            f"{data.where} has one person only: what is learnt could not be judged on another",
            fix="record more people; two train and judge, three make a test possible",
        )
    if len(found[datasets.TRAIN].clips) < 2:
        raise DataError(
            f"There are too few clips with labels to train on in {data.where}",
            fix="annotate more; or take shorter clips (--set model.length=8), overlapping ones "
            "(--set clips.stride=4), or those with lost frames (--set clips.missing=mask)",
            problems=problems,
        )
    if len(found[datasets.VALIDATION].clips) < 2 and config.optimiser.patience:
        raise DataError(
            "There are too few clips with labels of people to choose by (the validation part of "
            f"the split {config.protocol.split!r})",
            fix="take a split with more of them, or train for a fixed number of epochs: "
            "--set optimiser.patience=0 --set optimiser.epochs=30",
            problems=problems,
        )


def _before(folder: Path, config: TrainingConfig, about: runs.About) -> runs.Run | None:
    """Return the run in the folder if it is finished; raise if it is not the one asked for."""
    from taver.training import checkpoint

    if not (folder / runs.FILE).is_file():
        return None
    before = runs.read(folder)
    weights = (checkpoint.LAST, checkpoint.BEST)
    if before.state != "finished" and not any((folder / name).is_file() for name in weights):
        return None  # nothing was trained yet
    problems = problems_of_resuming(before.config, config)
    if before.about.made != about.made or before.about.people != about.people:
        problems.append("the dataset, or its split, is another one")
    if problems:
        raise InputError(
            f"The run in {folder} was begun with other settings",
            fix="give the same settings to go on with it, or another --out to begin anew",
            problems=problems,
        )
    if before.state != "finished":
        return None
    _refuse_changes(folder, before.config, config)
    return before


def _refuse_changes(folder: Path, before: TrainingConfig, now: TrainingConfig) -> None:
    """Raise if something is asked for that a finished run does not do any more."""
    if before.optimiser != now.optimiser:
        raise InputError(
            f"The run in {folder} is finished, and was not trained with these settings of the "
            "optimiser",
            fix="choose another --out to train anew",
        )


def _train(
    store: Any,
    folder: Path,
    config: TrainingConfig,
    prepared: Prepared,
    progress: Progress,
) -> None:
    """Choose on validation, fit the post-processing there, refit if asked, and say how it went."""
    from taver.training import checkpoint

    phase, history = _where(folder)
    if phase == "select":
        epochs = config.optimiser.epochs
        history = fitting.fit(store, folder, config, prepared, "select", epochs, (), progress)
        about = _with_posts(folder, config, prepared, progress)
        if config.protocol.refit:
            _copy(folder / checkpoint.BEST, folder / checkpoint.SELECTED)
    if config.protocol.refit:
        about = _about(folder / checkpoint.SELECTED)
        chosen = tuple(epoch for epoch in history if epoch.phase == "select")
        history = fitting.fit(
            store, folder, config, prepared, "refit", about.epochs, chosen, progress
        )
        _copy(folder / checkpoint.LAST, folder / checkpoint.BEST, _of_both(about, config, prepared))
    about = _about(folder / checkpoint.BEST)
    best = next(e for e in history if e.phase == "select" and e.epoch == about.epochs)
    told = {"best": best, "epochs": len(history), "about": about, "config": config}
    runs.write_json(folder / runs.RESULT, told)
    runs.Run(config=config, about=about, state="finished", best=best).write(folder / runs.FILE)


def _of_both(about: runs.About, config: TrainingConfig, prepared: Prepared) -> runs.About:
    """Say of refitted weights what is so now: the validation people's labels were learnt, too."""
    if prepared.validation is None:
        return about
    both = fitting.together(prepared.training, prepared.validation)
    return msgspec.structs.replace(about, label_means=_means(both, config))


def history_of(rest: dict[str, Any]) -> tuple[runs.Epoch, ...]:
    """Return the epochs that a last.ckpt knows of."""
    before = msgspec.json.decode(rest["before"], type=tuple[runs.Epoch, ...])
    state = msgspec.json.decode(rest["state"])
    return (*before, *msgspec.convert(state["history"], tuple[runs.Epoch, ...]))


def _where(folder: Path) -> tuple[str, tuple[runs.Epoch, ...]]:
    """Return the phase that the run is in, and the epochs of those that are over."""
    from taver.training import checkpoint

    if not (folder / checkpoint.LAST).is_file():
        return "select", ()
    rest = checkpoint.load(folder / checkpoint.LAST).rest
    return rest["phase"], msgspec.json.decode(rest["before"], type=tuple[runs.Epoch, ...])


def _with_posts(
    folder: Path, config: TrainingConfig, prepared: Prepared, progress: Progress
) -> runs.About:
    """Fit post-processing on the validation people with the weights chosen, and keep it there."""
    from taver.training import checkpoint, engine, judging

    path = folder / checkpoint.BEST
    if prepared.validation is None:
        return _about(path)
    unit = config.protocol.unit
    with engine.threads(config.machine):
        model, device = judging.loaded(folder, runs.read(folder), config.machine)
        progress.begin("post-processing", sum(r.slots for r in prepared.recordings))
        said = judging.say(model, prepared.recordings, config, unit, device, told=progress.advance)
    rate = judging.rate_hz(prepared.recordings, config, unit)
    about = msgspec.structs.replace(
        _about(path), post=judging.posts(said, config, rate), post_unit=unit
    )
    _copy(path, path, about)
    return about


def _about(path: Path) -> runs.About:
    from taver.training import checkpoint

    return msgspec.convert(checkpoint.load(path).about, runs.About)


def _copy(path: Path, to: Path, about: runs.About | None = None) -> None:
    """Write the weights at `path` to another place, with what is said of them."""
    from taver.training import checkpoint

    found = checkpoint.load(path)
    told = found.about if about is None else msgspec.to_builtins(about)
    checkpoint.save(to, found.config, told, found.weights)
