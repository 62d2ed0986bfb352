"""What a model says of people: of every slot of the 10 Hz grid, or of every clip.

By frame: one clip centred on each slot; a slot without a face gets what lies between its
neighbours. By clip: as in training, without overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from taver.training import checkpoint, engine, models, samples
from taver.training.postprocess import HOWS, Post, Traced, fit
from taver.training.runs import check_belongs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import torch

    from taver.dataset.read import Recording
    from taver.training.checkpoint import Loaded
    from taver.training.config import Machine, TrainingConfig
    from taver.training.runs import Run

    Floats = npt.NDArray[np.float64]

Unit = Literal["frame", "clip"]


class Said(NamedTuple):
    """What was said of one recording, and what is true."""

    recording: str
    person: str
    time_s: Floats  # from the recording's start
    predicted: Floats  # (values, outputs), before any post-processing
    true: Floats  # (values, outputs); NaN where nobody knows
    interpolated: npt.NDArray[np.bool_]  # there was no face


def chosen(folder: Path, run: Run) -> tuple[torch.nn.Module, Loaded]:
    """Return the model of a run with the weights chosen, and the checkpoint they are from."""
    path = folder / checkpoint.BEST
    found = checkpoint.load(path)
    check_belongs(path, found, run.config, run.about)
    model = models.build(found.config.model)
    checkpoint.into(model, found.weights, path)
    return model, found


def loaded(folder: Path, run: Run, machine: Machine) -> tuple[torch.nn.Module, torch.device]:
    """Return the model of a run with the weights chosen, and where it computes."""
    model, _ = chosen(folder, run)
    fabric = engine.fabric_for(machine)
    return fabric.setup_module(model), fabric.device


def say(
    model: torch.nn.Module,
    recordings: Iterable[Recording],
    config: TrainingConfig,
    unit: Unit,
    device: torch.device,
    *,
    told: Callable[[int], None] | None = None,
) -> list[Said]:
    """Let the model speak of these recordings; one without any face is left out."""
    one = _by_frame if unit == "frame" else _by_clip
    said = (one(model, recording, config, device, told) for recording in recordings)
    return [some for some in said if some is not None]


def rate_hz(recordings: Sequence[Recording], config: TrainingConfig, unit: Unit) -> float:
    """Return how many values a second there are."""
    if unit == "frame":
        return recordings[0].rate_hz if recordings else 10.0
    return config.clips.rate_hz / (config.clips.stride or config.model.length)


def posts(said: Sequence[Said], config: TrainingConfig, rate: float) -> dict[str, dict[str, Post]]:
    """Fit every post-processing on these people, which are of the validation part."""
    return {
        how: {
            target: fit(how, traced(said, place), rate_hz=rate)
            for place, target in enumerate(config.targets)
        }
        for how in HOWS
        if how != "none"
    }


def traced(said: Sequence[Said], output: int) -> list[Traced]:
    """Return one output of all that was said, where there is a truth to it."""
    return [
        Traced(one.person, one.predicted[:, output], one.true[:, output])
        for one in said
        if np.isfinite(one.true[:, output]).any()
    ]


def _by_frame(
    model: torch.nn.Module,
    recording: Recording,
    config: TrainingConfig,
    device: torch.device,
    told: Callable[[int], None] | None,
) -> Said | None:
    around, slots = samples.around_each(recording, config.clip_options, config.targets)
    if told is not None:
        told(recording.slots - len(slots))
    if not len(slots):
        return None
    found = engine.predictions(model, around, config, device, told=told)
    time_s = recording.column("time_ns") / 1e9
    predicted = np.stack(
        [np.interp(time_s, time_s[slots], found[:, place]) for place in range(found.shape[1])],
        axis=-1,
    )
    lost = np.ones(recording.slots, bool)
    lost[slots] = False
    true = np.stack([recording.column(target) for target in config.targets], axis=-1)
    return Said(
        recording.name, recording.participant, time_s, predicted, true.astype(np.float64), lost
    )


def _by_clip(
    model: torch.nn.Module,
    recording: Recording,
    config: TrainingConfig,
    device: torch.device,
    told: Callable[[int], None] | None,
) -> Said | None:
    some, _ = samples.labelled(
        [recording], config.clip_options, config.targets, config.model.clip_label
    )
    # Who listens counts slots: those of a clip, and at last what is over.
    each = recording.slots // max(1, len(some.clips))
    if told is not None:
        told(recording.slots - each * len(some.clips))
    if not some.clips:
        return None
    heard = told and (lambda clips: told(clips * each))
    predicted = engine.predictions(model, some, config, device, told=heard)
    time_ns = recording.column("time_ns")
    time_s = np.array([time_ns[clip.slots].mean() / 1e9 for clip in some.clips])
    return Said(
        recording.name,
        recording.participant,
        time_s,
        predicted,
        some.labels.astype(np.float64),
        np.zeros(len(some.clips), bool),
    )
