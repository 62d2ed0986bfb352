"""The training loop: clip by clip, judged on the validation people after each epoch.

One function, `fit`, from the first step to the last. Everything that the next step depends on is
in `Progressing` and in the optimiser, and goes into last.ckpt: a run that was stopped goes on as if
it had not been. Weights are saved only if they can still be computed with.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import torch

from taver.training import (
    augment,
    checkpoint,
    data,
    engine,
    failing,
    losses,
    memory,
    metrics,
    models,
    resume,
    runs,
)
from taver.training.models import weights
from taver.training.resume import Job, Progressing
from taver.training.stopping import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.core.progress import Progress
    from taver.training.config import TrainingConfig
    from taver.training.stopping import Stop

_NEVER: Final = -1.0


def fit(fabric: Any, job: Job, progress: Progress, stop: Stop) -> Progressing:
    """Train until the epochs are done or validation has not got better for long enough."""
    config, optim = job.config, job.config.optimiser
    if fabric.device.type == "cpu":
        memory.keep()
    torch.manual_seed(config.protocol.seed)
    bare = models.build(config.model)
    optimiser: Any = torch.optim.Adam(
        bare.parameters(), lr=optim.learning_rate, weight_decay=optim.weight_decay
    )
    stopped = resume.stopped(job)
    began = stopped.about["began"] if stopped else weights.begin(bare, config.model)
    job = job._replace(about=msgspec.structs.replace(job.about, began=began))
    model, optimiser = fabric.setup(bare, optimiser)
    torch.manual_seed(config.protocol.seed + fabric.global_rank)  # dropout differs between shares
    state = resume.resumed(fabric, job, bare, optimiser, stopped) if stopped else Progressing()

    share = -(-optim.batch // fabric.world_size)
    loader = data.Loader(
        job.training, config.modalities, config.scaling, pin=fabric.device.type == "cuda"
    )
    steps = -(-len(job.training.clips) // optim.batch)
    feed = loader.batches(_shares(fabric, job, state), largest=share)
    saved_s, batch = time.monotonic(), None
    try:
        while state.epoch < job.epochs and not _patience_is_over(job, state):
            progress.begin(_title(job, state), len(job.training.clips))
            progress.advance(state.seen)
            while state.position < steps:
                began_s, waited_s = time.perf_counter(), loader.waited_s
                batch = _next(fabric, job, feed)
                count = _step(fabric, job, model, bare, optimiser, state, batch)
                state.waited_s += loader.waited_s - waited_s
                state.took_s += time.perf_counter() - began_s
                progress.advance(count)
                if stop.asked_of_any(fabric):
                    _save(fabric, job, bare, optimiser, state, batch)
                    raise KeyboardInterrupt
                if any_of(fabric, told=time.monotonic() - saved_s > config.machine.save_every_s):
                    _save(fabric, job, bare, optimiser, state, batch)
                    saved_s = time.monotonic()
            _check_weights(fabric, job, bare, state, batch)
            _end_epoch(fabric, job, model, bare, state)
            resume.save(fabric, job, bare, optimiser, state)
            saved_s = time.monotonic()
            if stop.asked_of_any(fabric):
                raise KeyboardInterrupt
    except failing.NoRoomError as error:
        batch = None
        feed.close()
        loader.let_go()
        raise failing.out_of_memory(bare, config, fabric, error) from None
    finally:
        feed.close()
    return state


def _next(fabric: Any, job: Job, feed: Iterator[data.Batch]) -> data.Batch:
    """Return the next batch; the first one takes the room that all of them use."""
    try:
        return next(feed)
    except (RuntimeError, MemoryError) as error:
        if not failing.is_out_of_memory(error):
            raise
        size = -(-job.config.optimiser.batch // fabric.world_size)
        raise failing.NoRoomError(size, error) from None


def _step(
    fabric: Any,
    job: Job,
    model: Any,
    bare: torch.nn.Module,
    optimiser: Any,
    state: Progressing,
    batch: data.Batch,
) -> int:
    """Change the weights by one batch, add it to the state, and return how many clips it has."""
    config, device = job.config, fabric.device
    clips, counted, total = _of_whole(fabric, job, state, batch)
    try:
        pictures = batch.scaled(device, config.scaling)
        drawn = augment.draw(
            config.augment, batch.clips, seed=config.protocol.seed, epoch=state.epoch
        )
        pictures = augment.augmented(pictures, drawn)
        outputs = model(pictures)
        labels = torch.from_numpy(batch.labels).to(device)
        parts: tuple[torch.Tensor, ...] = (outputs, labels, torch.from_numpy(counted).to(device))
        if config.optimiser.loss == "ccc" and fabric.world_size > 1:
            parts = losses.gathered(fabric, *parts)
        loss = losses.loss(config.optimiser.loss, *parts, total=total)
        value = _over_all(fabric, config, float(loss.detach()))
        # Fabric takes the mean over processes where the sum of their shares is meant.
        if math.isfinite(value):
            fabric.backward(loss * fabric.world_size)
        # The loss may still be a number where its gradients are none. Both before a weight changes.
        if not math.isfinite(value) or failing.gradients_end(bare):
            with fabric.autocast():
                where = failing.where(bare, pictures) or failing.gradients_end(bare)
            raise failing.not_finite(job, state, where, value, clips)
        optimiser.step()
        optimiser.zero_grad()
    except (RuntimeError, MemoryError) as error:
        if not failing.is_out_of_memory(error):
            raise
        optimiser.zero_grad()
        raise failing.NoRoomError(len(batch.clips), error) from None
    state.position += 1
    state.step += 1
    state.loss += value * total
    state.seen += round(total)
    return round(total)


def _save(
    fabric: Any,
    job: Job,
    bare: torch.nn.Module,
    optimiser: Any,
    state: Progressing,
    batch: data.Batch,
) -> None:
    """Write last.ckpt, but never over a good one with weights that the last step has ruined."""
    _check_weights(fabric, job, bare, state, batch)
    resume.save(fabric, job, bare, optimiser, state)


def _check_weights(
    fabric: Any, job: Job, bare: torch.nn.Module, state: Progressing, batch: data.Batch | None
) -> None:
    """Raise if the weights, as the last step left them, give no numbers for its own clips."""
    if batch is None:  # nothing was changed since they were read from last.ckpt
        return
    pictures = batch.scaled(fabric.device, job.config.scaling)
    bare.eval()  # draws nothing, so that going on stays the same bit by bit
    with fabric.autocast():
        where = failing.where(bare, pictures)
    bare.train()
    if any_of(fabric, told=where is not None):
        raise failing.not_finite(job, state, where, None, batch.clips)


def _end_epoch(
    fabric: Any, job: Job, model: Any, bare: torch.nn.Module, state: Progressing
) -> None:
    """Judge on the validation people, write the epoch down, and keep the weights if best."""
    began_s, judged = time.perf_counter(), None
    if job.validation is not None:
        said = engine.predictions(model, job.validation, job.config, fabric.device)
        judged = metrics.mean_of(
            {
                target: metrics.scores(said[:, place], job.validation.labels[:, place])
                for place, target in enumerate(job.config.targets)
            }
        )
    epoch = runs.Epoch(
        phase=job.phase,
        epoch=state.epoch + 1,
        step=state.step,
        loss=state.loss / max(state.seen, 1),
        rmse=judged.rmse if judged else None,
        cc=metrics.or_none(judged.cc) if judged else None,
        ccc=metrics.or_none(judged.ccc) if judged else None,
        learning_rate=job.config.optimiser.learning_rate,
        clips_per_s=state.seen / max(state.took_s, 1e-9),
        input_wait=state.waited_s / max(state.took_s, 1e-9),
        took_s=state.took_s,
    )
    state.history = [*state.history, epoch]
    state.epoch += 1
    state.position = state.seen = 0
    state.loss = state.took_s = state.waited_s = 0.0
    score = _score(judged) if judged else float(state.epoch)  # without judges the last is taken
    if score > state.best:
        state.best, state.best_epoch = score, state.epoch
        if fabric.is_global_zero and job.phase == "select":
            told = msgspec.structs.replace(job.about, epochs=state.epoch)
            checkpoint.save(
                job.folder / checkpoint.BEST,
                job.config,
                msgspec.to_builtins(told),
                resume.on_cpu(bare.state_dict()),
            )
    if fabric.is_global_zero:
        runs.write_metrics(job.folder, [*job.history, *state.history])
    state.between_s += time.perf_counter() - began_s


def _score(judged: metrics.Scores) -> float:
    """Return by what epochs are compared: CCC, and the error where there is no CCC."""
    return judged.ccc if math.isfinite(judged.ccc) else _NEVER - judged.rmse


def _patience_is_over(job: Job, state: Progressing) -> bool:
    patience = job.config.optimiser.patience
    if job.validation is None or not patience:
        return False
    return state.epoch - state.best_epoch >= patience


def _shares(fabric: Any, job: Job, state: Progressing) -> Iterator[npt.NDArray[np.int64]]:
    """Yield this process's share of every batch from where the state is, epoch after epoch."""
    epoch, position = state.epoch, state.position
    while epoch < job.epochs:
        for batch in _epoch_batches(job, epoch)[position:]:
            yield _share(fabric, batch)
        epoch, position = epoch + 1, 0


def _epoch_batches(job: Job, epoch: int) -> list[npt.NDArray[np.int64]]:
    return data.shuffled(
        len(job.training.clips),
        job.config.optimiser.batch,
        seed=job.config.protocol.seed,
        epoch=epoch,
    )


def _share(fabric: Any, batch: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return what this process computes of a batch; shares are filled up to one size."""
    size = -(-len(batch) // fabric.world_size)
    mine = batch[fabric.global_rank :: fabric.world_size]
    return np.concatenate([mine, np.repeat(batch[:1], size - len(mine))])


def _of_whole(
    fabric: Any, job: Job, state: Progressing, batch: data.Batch
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], float]:
    """Return the clips of this share, which of them count, and the size of the whole batch."""
    start = state.position * job.config.optimiser.batch
    total = min(job.config.optimiser.batch, len(job.training.clips) - start)
    mine = len(range(fabric.global_rank, total, fabric.world_size))
    counted = (np.arange(len(batch.clips)) < mine).astype(np.float32)
    return batch.clips[:mine], counted, float(total)


def _over_all(fabric: Any, config: TrainingConfig, value: float) -> float:
    """Return the loss of the whole batch, the same in every process."""
    if fabric.world_size == 1:
        return value
    how = "mean" if config.optimiser.loss == "ccc" else "sum"
    return float(fabric.all_reduce(torch.tensor(value, dtype=torch.float64), reduce_op=how))


def _title(job: Job, state: Progressing) -> str:
    what = "refit, epoch" if job.phase == "refit" else "epoch"
    title = f"{what} {state.epoch + 1} of {job.epochs}"
    if not state.history:
        return title
    last = state.history[-1]
    title += f" (loss {last.loss:.4f}"
    if last.ccc is not None:
        title += f", CCC {last.ccc:.3f}, best {state.best:.3f} in epoch {state.best_epoch}"
    whole_s = state.between_s + sum(epoch.took_s for epoch in state.history)
    each_s = whole_s / len(state.history)
    return f"{title}, {_minutes(each_s * (job.epochs - state.epoch))} for all)"


def _minutes(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
