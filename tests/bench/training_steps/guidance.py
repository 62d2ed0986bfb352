"""The tiny task: does attention guided by depth and heat find what colour alone cannot?"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import mse_loss

from taver import dataset
from taver.training import data, metrics, samples, synthetic
from taver.training.models import ModelConfig, build
from taver.training.scaling import Scaling

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

# The median of a crop is a plane that the raised patches do not tilt.
SCALING = Scaling(depth="median")
BATCH = 16
LEARNING_RATE = 2e-3
EPOCHS = 10
SEEDS = 3


class Part(NamedTuple):
    """Every clip of some people, as the network takes it."""

    pictures: dict[str, torch.Tensor]
    labels: torch.Tensor


class Learnt(NamedTuple):
    """What a model reached on people it had not seen, and what that took."""

    ccc: float
    cpu_s: float


def config(name: str, task: synthetic.Task, width: float = 0.25) -> ModelConfig:
    """Return a small model for the task."""
    return ModelConfig(
        name=name, width=width, length=task.length, size_px=task.size_px, dropout=0.1
    )


def part(opened: dataset.read.Dataset, name: str, task: synthetic.Task) -> Part:
    """Return all clips of a part of the task."""
    options = dataset.select.ClipOptions(length=task.length, rate_hz=task.rate_hz)
    found, _ = samples.labelled(opened.part(name), options, ("valence",), "mean")
    loader = data.Loader(found, synthetic.MODALITIES, SCALING)
    batches = [
        {
            name: values.clone()
            for name, values in batch.scaled(torch.device("cpu"), SCALING).items()
        }
        for batch in loader.batches(data.in_order(len(found.clips), 64), largest=64)
    ]
    pictures = {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}
    return Part(pictures, torch.from_numpy(found.labels))


def learn(chosen: ModelConfig, training: Part, test: Part, *, seed: int, epochs: int) -> Learnt:
    """Train a model, and judge it by people it has not seen."""
    torch.manual_seed(seed)
    model = build(chosen)
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    began_s = time.process_time()
    for epoch in range(epochs):
        for clips in data.shuffled(len(training.labels), BATCH, seed=seed, epoch=epoch):
            outputs = model(_these(training, clips))
            loss = mse_loss(outputs, training.labels[clips])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    cpu_s = time.process_time() - began_s
    model.eval()
    with torch.no_grad():
        said = torch.cat([
            model(_these(test, clips)) for clips in data.in_order(len(test.labels), 64)
        ])  # fmt: skip
    return Learnt(metrics.ccc(said[:, 0].numpy(), test.labels[:, 0].numpy()), cpu_s)


def _these(every: Part, clips: np.ndarray) -> dict[str, torch.Tensor]:
    return {name: values[clips] for name, values in every.pictures.items()}


def measured(quick: bool, folder: Path) -> dict[str, float | bool | str | None]:
    """Return the CCC of TRAN, URAN and the 3D-CNN, the median over seeds, and what it took."""
    torch.set_num_threads(1)
    task = synthetic.Task(people=13, length=4)
    opened = dataset.open(synthetic.write(folder / "task.zarr", task))
    training, test = part(opened, "train", task), part(opened, "test", task)
    figures: dict[str, float | bool | str | None] = {}
    longest_s = 0.0
    for name in ("tran", "uran", "cnn3d"):
        learnt = [
            learn(config(name, task), training, test, seed=seed, epochs=5 if quick else EPOCHS)
            for seed in range(1 if quick else SEEDS)
        ]
        figures[f"ccc_{name}"] = statistics.median(one.ccc for one in learnt)
        longest_s = max(longest_s, *(one.cpu_s for one in learnt))
    best_other = max(figures["ccc_uran"], figures["ccc_cnn3d"])
    return figures | {"ccc_tran_ahead": figures["ccc_tran"] - best_other, "ccc_cpu_s": longest_s}
