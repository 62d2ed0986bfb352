"""The training loop: clip by clip, judged on the validation people after each epoch.

One function, `fit`, from the first step to the last. Everything that the next step depends on is
in `Progressing` and in the optimiser, and goes into last.ckpt: a run that was stopped goes on as if
it had not been.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

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
    runs,
)
from taver.training.models import weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.progress import Progress
    from taver.training.config import TrainingConfig
    from taver.training.samples import Samples
    from taver.training.stopping import Stop

_NEVER: Final = -1.0


class Job(NamedTuple):
    """What is to be fitted: in which phase, on whom, judged by whom, for how many epochs."""

    folder: Path
    config: TrainingConfig
    about: runs.About
    phase: Literal["select", "refit"]
    training: Samples
    validation: Samples | None
    epochs: int
    history: tuple[runs.Epoch, ...] = ()  # of the phase before


class Progressing(msgspec.Struct, kw_only=True):
    """How far a fit has come; with weights, optimiser and random state, all it goes on from."""

    epoch: int = 0  # whole ones that are done
    position: int = 0  # steps into the next
    step: int = 0
    loss: float = 0.0  # summed over the clips of the epoch so far
    seen: int = 0  # clips of the epoch so far
    took_s: float = 0.0  # of the epoch so far
    waited_s: float = 0.0
    best: float = -math.inf
    best_epoch: int = 0
    history: list[runs.Epoch] = []


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
    stopped = _stopped(job)
    began = stopped.about["began"] if stopped else weights.begin(bare, config.model)
    job = job._replace(about=msgspec.structs.replace(job.about, began=began))
    model, optimiser = fabric.setup(bare, optimiser)
    torch.manual_seed(config.protocol.seed + fabric.global_rank)  # dropout differs between shares
    state = _resumed(fabric, job, bare, optimiser, stopped) if stopped else Progressing()

    share = -(-optim.batch // fabric.world_size)
    loader = data.Loader(
        job.training, config.modalities, config.scaling, pin=fabric.device.type == "cuda"
    )
    steps = -(-len(job.training.clips) // optim.batch)
    feed = loader.batches(_shares(fabric, job, state), largest=share)
    saved_s = time.monotonic()
    try:
        while state.epoch < job.epochs and not _patience_is_over(job, state):
            progress.begin(_title(job, state), len(job.training.clips))
            progress.advance(state.seen)
            while state.position < steps:
                began_s, waited_s = time.perf_counter(), loader.waited_s
                batch = _next(fabric, job, feed)
                loss, count = _step(fabric, job, model, bare, optimiser, state, batch)
                state.position += 1
                state.step += 1
                state.loss += loss * count
                state.seen += count
                state.waited_s += loader.waited_s - waited_s
                state.took_s += time.perf_counter() - began_s
                progress.advance(count)
                if stop.asked_of_any(fabric):
                    _save(fabric, job, bare, optimiser, state)
                    raise KeyboardInterrupt
                if time.monotonic() - saved_s > config.machine.save_every_s:
                    _save(fabric, job, bare, optimiser, state)
                    saved_s = time.monotonic()
            _end_epoch(fabric, job, model, bare, state)
            _save(fabric, job, bare, optimiser, state)
            saved_s = time.monotonic()
    except failing.NoRoomError as error:
        batch = None
        feed.close()
        loader.let_go()
        raise failing.out_of_memory(bare, config, fabric.device, error) from None
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
) -> tuple[float, int]:
    """Change the weights by one batch; return its loss and how many clips it has."""
    config, device = job.config, fabric.device
    clips, counted, total = _of_whole(fabric, job, state, batch)
    changing = False  # the weights, just now
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
        if not math.isfinite(value):
            _save(fabric, job, bare, optimiser, state)
            raise failing.not_finite(bare, pictures, job.training, clips, state.step, state.epoch)
        # Fabric takes the mean over processes where the sum of their shares is meant.
        fabric.backward(loss * fabric.world_size)
        changing = True
        optimiser.step()
        optimiser.zero_grad()
        changing = False
    except (RuntimeError, MemoryError) as error:
        if not failing.is_out_of_memory(error):
            raise
        optimiser.zero_grad()
        if state.step and not changing:
            _save(fabric, job, bare, optimiser, state)
        raise failing.NoRoomError(len(batch.clips), error) from None
    return value, round(total)


def _end_epoch(
    fabric: Any, job: Job, model: Any, bare: torch.nn.Module, state: Progressing
) -> None:
    """Judge on the validation people, write the epoch down, and keep the weights if best."""
    judged = None
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
                _on_cpu(bare.state_dict()),
            )
    if fabric.is_global_zero:
        runs.write_metrics(job.folder, [*job.history, *state.history])


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
    each_s = sum(epoch.took_s for epoch in state.history) / len(state.history)
    return f"{title}, {_minutes(each_s * (job.epochs - state.epoch))} for all)"


def _minutes(seconds: float) -> str:
    return f"at most {seconds:.0f} s" if seconds < 90 else f"at most {seconds / 60:.0f} min"


def _save(fabric: Any, job: Job, bare: torch.nn.Module, optimiser: Any, state: Progressing) -> None:
    """Write last.ckpt: weights, optimiser, each process's random state, how far it has come."""
    random = torch.get_rng_state()
    if fabric.world_size > 1:
        own = random.to(fabric.device)  # NCCL sees nothing else
        shares = [torch.empty_like(own) for _ in range(fabric.world_size)]
        torch.distributed.all_gather(shares, own)
        random = torch.stack(shares).cpu()
    if not fabric.is_global_zero:
        return
    rest: dict[str, Any] = {
        "phase": job.phase,
        "threads": torch.get_num_threads(),
        "optimiser": _on_cpu(optimiser.state_dict()),
        "random": random.reshape(fabric.world_size, -1),
        "state": msgspec.json.encode(_finite(state)).decode(),
        "before": msgspec.json.encode(job.history).decode(),
    }
    if fabric.device.type == "cuda":
        rest["cuda_random"] = torch.cuda.get_rng_state(fabric.device)
    checkpoint.save(
        job.folder / checkpoint.LAST,
        job.config,
        msgspec.to_builtins(job.about),
        _on_cpu(bare.state_dict()),
        rest,
    )


def _stopped(job: Job) -> checkpoint.Loaded | None:
    """Return where this phase was stopped, if it was begun before."""
    path = job.folder / checkpoint.LAST
    found = checkpoint.load(path) if path.is_file() else None
    return found if found is not None and found.rest.get("phase") == job.phase else None


def _resumed(
    fabric: Any, job: Job, bare: torch.nn.Module, optimiser: Any, found: checkpoint.Loaded
) -> Progressing:
    """Put everything back as it was when the phase was stopped."""
    checkpoint.into(bare, found.weights, job.folder / checkpoint.LAST)
    optimiser.load_state_dict(found.rest["optimiser"])
    for group in optimiser.param_groups:
        group["lr"] = job.config.optimiser.learning_rate
    random = found.rest["random"]
    if fabric.global_rank < len(random):
        torch.set_rng_state(random[fabric.global_rank])
    if "cuda_random" in found.rest and fabric.device.type == "cuda":
        torch.cuda.set_rng_state(found.rest["cuda_random"], fabric.device)
    return msgspec.json.decode(found.rest["state"], type=Progressing)


def _finite(state: Progressing) -> Progressing:
    """Return it as JSON can hold it, which knows no infinity."""
    return msgspec.structs.replace(state, best=max(state.best, -1e300))


def _on_cpu(tree: Any) -> Any:
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu()
    if isinstance(tree, dict):
        return {key: _on_cpu(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_on_cpu(value) for value in tree]
    return tree
