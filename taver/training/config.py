"""Everything that can be chosen about a training run, as one typed object; TOML or KEY=VALUE."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from taver.core import config as files
from taver.core.config import Section
from taver.core.errors import InputError
from taver.dataset.select import ClipOptions
from taver.training.augment import Augment
from taver.training.models import ModelConfig
from taver.training.postprocess import How
from taver.training.samples import TARGETS
from taver.training.scaling import Scaling

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Device = Literal["cpu", "cuda", "auto"]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
NotNegative = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
# What may differ between a run that was stopped and the one that goes on with it.
MAY_CHANGE: Final = (
    "machine",
    "optimiser.epochs",
    "optimiser.patience",
    "optimiser.learning_rate",
)


class Clips(Section, frozen=True, kw_only=True):
    """How clips are taken; how long they are stands with the model."""

    rate_hz: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 4.0
    stride: Count | None = None  # in frames of the clip's rate; none: not overlapping
    missing: Literal["drop", "mask"] = "drop"
    most_missing: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.25


class Optimiser(Section, frozen=True, kw_only=True):
    """How weights are found."""

    learning_rate: Annotated[float, msgspec.Meta(gt=0)] = 1e-4
    batch: Count = 4  # clips, over all processes together; the paper's 4 (TRAN), 8 (URAN)
    epochs: Count = 100
    patience: NotNegative = 15  # epochs without a better validation CCC; 0: never stopped early
    loss: Literal["mse", "l1", "ccc"] = "mse"
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Protocol(Section, frozen=True, kw_only=True):
    """Who trains and who judges, and what of the paper's protocol is followed."""

    split: files.Words = "default"
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 0
    seeds: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1  # runs, with seed, seed + 1, ...
    refit: bool = False  # the paper's: once more on training and validation people together
    unit: Literal["frame", "clip"] = "frame"  # what post-processing is fitted on
    post: How = "avec"


class Machine(Section, frozen=True, kw_only=True):
    """Where it runs; another machine may go on with a run."""

    device: Device = "cpu"
    processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1  # a GPU or a share of cores each
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0  # of each process; 0: as torch likes
    precision: Literal["fp32", "bf16", "auto"] = "fp32"  # auto: bf16 where it is computed in
    save_every_s: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    preload: bool = False  # take all pictures into memory first


class TrainingConfig(Section, frozen=True, kw_only=True):
    """All of a training run."""

    model: ModelConfig = ModelConfig()
    clips: Clips = Clips()
    scaling: Scaling = Scaling()
    augment: Augment = Augment()
    optimiser: Optimiser = Optimiser()
    protocol: Protocol = Protocol()
    machine: Machine = Machine()

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the labels that are learnt, one an output."""
        return TARGETS[self.model.target]

    @property
    def modalities(self) -> tuple[str, ...]:
        """Return the modalities that the model sees."""
        return self.model.sees

    @property
    def clip_options(self) -> ClipOptions:
        """Return how clips are taken, as the dataset's reader wants it."""
        return ClipOptions(
            length=self.model.length,
            rate_hz=self.clips.rate_hz,
            stride=self.clips.stride,
            missing=self.clips.missing,
            most_missing=self.clips.most_missing,
            modalities=self.modalities,
            labels=self.targets,
        )


def load(path: Path | None, settings: Iterable[str] = ()) -> TrainingConfig:
    """Return the config in a TOML file (the defaults without one), changed by KEY=VALUE."""
    base = files.load(path, TrainingConfig) if path is not None else TrainingConfig()
    return changed(base, *settings)


def changed(config: TrainingConfig, *settings: str) -> TrainingConfig:
    """Return the config with each `section.key=value` put in its place."""
    tree: dict[str, Any] = msgspec.to_builtins(config)
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign:
            raise InputError(
                f"{setting!r} sets nothing", fix="give KEY=VALUE: --set optimiser.batch=8"
            )
        _put(tree, key.strip(), text.strip())
    try:
        return msgspec.convert(tree, TrainingConfig)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise InputError(
            f"{where.rstrip('`') or 'The config'}: {what}", fix="give it a value of that kind"
        ) from None


def problems_of_resuming(before: TrainingConfig, now: TrainingConfig) -> list[str]:
    """Return what differs between a run and the one that would go on with it."""
    found = []
    for (key, was), (_, becomes) in zip(_flat(before), _flat(now), strict=True):
        if was != becomes and not any(f"{key}.".startswith(f"{m}.") for m in MAY_CHANGE):
            found.append(f"{key} was {was}, and is {becomes} now")
    return found


def _put(tree: dict[str, Any], key: str, text: str) -> None:
    *path, last = key.split(".")
    inner: Any = tree
    for name in [*path, last]:
        if not isinstance(inner, dict) or name not in inner:
            known = [name for name, _ in _flat_tree(tree)]
            close = difflib.get_close_matches(key, known, n=1)
            raise InputError(
                f"There is no setting {key!r}",
                fix=f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}",
            )
        if name is not last:
            inner = inner[name]
    inner[last] = _value(text, inner[last])


def _value(text: str, before: Any) -> Any:
    if isinstance(before, (list, tuple)):
        return [part.strip() for part in text.strip("[]").replace('"', "").split(",") if part]
    if text.lower() == "none" and not isinstance(before, str):
        return None  # elsewhere it is a word, as in protocol.post=none
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a word needs no quotes here


def _flat(config: TrainingConfig) -> list[tuple[str, Any]]:
    return _flat_tree(msgspec.to_builtins(config))


def _flat_tree(tree: dict[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for section, values in tree.items():
        found += [(f"{section}.{key}", value) for key, value in values.items()]
    return found
