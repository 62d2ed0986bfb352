"""What the trainer promises: data in time, scores as others compute them, runs that can be resumed.

input_wait            share of a step's time spent waiting for pictures, read from Zarr
metric_error          largest difference to audmetric's RMSE, CC and CCC
metric_error_ddof1    largest difference to torchmetrics' CCC, which divides by n - 1
resume_identical      20 steps, stopped at 10 and gone on with: weights, optimiser, random state
ddp_equal             2 processes against 1, the same batches: losses within 1e-5, weights within
                      a tenth of a learning rate
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import audmetric
import datasets
import numpy as np
import torch
import torchmetrics.functional

from taver.core.progress import Silent
from taver.training import checkpoint, config, metrics, training

if TYPE_CHECKING:
    from pathlib import Path

DDP_LOSS = 1e-5
DDP_WEIGHTS = 0.1  # of the learning rate
_SMALL = (
    "model.name=cnn3d", "model.width=0.1", "model.size_px=32", "model.length=4",
    "optimiser.patience=0", "machine.threads=1", "protocol.unit=clip",
)  # fmt: skip


def measured(quick: bool, folder: Path) -> dict[str, float | bool]:
    """Return the figures; everything is written below `folder`."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        small = datasets.make_dataset(folder / "small.zarr", people=4, seconds=20, size_px=32)
        return {
            "input_wait": _input_wait(quick, folder),
            **_metric_errors(),
            "resume_identical": _resume_identical(small, folder),
            "ddp_equal": _ddp_equal(small, folder),
        }
    finally:
        torch.set_num_threads(before)


def _input_wait(quick: bool, folder: Path) -> float:
    """Train a small TRAN on pictures of full size, and see how long it waits for them."""
    store = datasets.make_dataset(folder / "full.zarr", people=4, seconds=18 if quick else 50)
    chosen = config.changed(
        config.TrainingConfig(), "model.width=0.25", "optimiser.epochs=2", "optimiser.patience=0",
        "machine.threads=1", "protocol.unit=clip",
    )  # fmt: skip
    training.run(store, folder / "waiting", chosen)
    rest = checkpoint.load(folder / "waiting" / checkpoint.LAST).rest
    history = training.history_of(rest)
    return sum(e.input_wait * e.took_s for e in history) / sum(e.took_s for e in history)


def _metric_errors() -> dict[str, float]:
    chance = np.random.default_rng(9)
    apart = apart_ddof1 = 0.0
    for n in (2, 3, 17, 500, 27_000):
        for shift, scale in ((0.0, 1.0), (0.3, 0.01), (-0.8, 0.2)):
            true = chance.normal(size=n) * 0.3
            said = shift + scale * (true + chance.normal(size=n))
            peers = {
                "rmse": np.sqrt(audmetric.mean_squared_error(true, said)),
                "cc": audmetric.pearson_cc(true, said),
                "ccc": audmetric.concordance_cc(true, said),
            }
            ours = metrics.scores(said, true)
            apart = max(apart, *(abs(getattr(ours, k) - float(v)) for k, v in peers.items()))
            peer = torchmetrics.functional.concordance_corrcoef(
                torch.from_numpy(said), torch.from_numpy(true)
            )
            apart_ddof1 = max(apart_ddof1, abs(metrics.ccc(said, true, ddof=1) - float(peer)))
    return {"metric_error": float(apart), "metric_error_ddof1": float(apart_ddof1)}


class CtrlC:
    """Presses Ctrl-C once so many clips are done."""

    def __init__(self, clips: int) -> None:
        self.left = clips

    def begin(self, title: str, total: int) -> None:
        """Nothing is to be told."""

    def advance(self, steps: int = 1) -> None:
        """Count, and press."""
        self.left -= steps
        if self.left <= 0:
            self.left = 10**9
            signal.raise_signal(signal.SIGINT)


def _resume_identical(store: Path, folder: Path) -> bool:
    """40 clips in batches of 4: two epochs are 20 steps; dropout and augmentation are on."""
    chosen = config.changed(config.TrainingConfig(), *_SMALL, "optimiser.epochs=2")
    training.run(store, folder / "through", chosen, Silent())
    stopped = False
    try:
        training.run(store, folder / "stopped", chosen, CtrlC(10 * 4 + 4))
    except KeyboardInterrupt:
        stopped = True
    half = checkpoint.load(folder / "stopped" / checkpoint.LAST)
    training.run(store, folder / "stopped", chosen, Silent())
    one, other = (
        checkpoint.load(folder / name / checkpoint.LAST) for name in ("through", "stopped")
    )
    steps = [training.history_of(found.rest)[-1].step for found in (one, other)]
    began_anew = all(torch.equal(half.weights[name], one.weights[name]) for name in half.weights)
    return (
        stopped
        and not began_anew
        and steps == [20, 20]
        and same(one.weights, other.weights)
        and same(one.rest["optimiser"], other.rest["optimiser"])
        and same(one.rest["random"], other.rest["random"])
    )


def _ddp_equal(store: Path, folder: Path) -> bool:
    """Train two epochs with batches of 3 and a last one of 1: shares of unequal size, too."""
    chosen = config.changed(
        config.TrainingConfig(), *_SMALL, "optimiser.epochs=2", "optimiser.batch=3",
        "model.dropout=0",
    )  # fmt: skip
    several = config.changed(chosen, "machine.processes=2")
    training.run(store, folder / "one", chosen, Silent())
    training.run(str(store), folder / "two", several, Silent())
    one, two = (checkpoint.load(folder / name / checkpoint.LAST) for name in ("one", "two"))
    losses = [[epoch.loss for epoch in training.history_of(found.rest)] for found in (one, two)]
    apart = max(float((one.weights[name] - two.weights[name]).abs().max()) for name in one.weights)
    near = np.allclose(*losses, rtol=0, atol=DDP_LOSS)
    return bool(near and apart <= DDP_WEIGHTS * chosen.optimiser.learning_rate)


def same(one: object, other: object) -> bool:
    """Tell whether two trees of tensors and values are the same, bit by bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple))
            and len(one) == len(other)
            and all(same(a, b) for a, b in zip(one, other, strict=True))
        )
    return one == other
