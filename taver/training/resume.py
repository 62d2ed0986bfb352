"""What a fit goes on from, put into last.ckpt and back: weights, optimiser, chance and place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import torch

from taver.training import checkpoint, runs

if TYPE_CHECKING:
    from pathlib import Path

    from taver.training.config import TrainingConfig
    from taver.training.samples import Samples


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
    between_s: float = 0.0  # judging, of all epochs so far
    best: float = -math.inf
    best_epoch: int = 0
    history: list[runs.Epoch] = []


def save(fabric: Any, job: Job, bare: torch.nn.Module, optimiser: Any, state: Progressing) -> None:
    """Write last.ckpt: weights, optimiser, each process's random state, how far it has come."""
    rest: dict[str, Any] = {
        "phase": job.phase,
        "optimiser": on_cpu(optimiser.state_dict()),
        "random": _of_all(fabric, torch.get_rng_state()),
        "state": msgspec.json.encode(_finite(state)).decode(),
        "before": msgspec.json.encode(job.history).decode(),
    }
    if fabric.device.type == "cuda":
        rest["cuda_random"] = _of_all(fabric, torch.cuda.get_rng_state(fabric.device))
    if not fabric.is_global_zero:
        return
    checkpoint.save(
        job.folder / checkpoint.LAST,
        job.config,
        msgspec.to_builtins(job.about),
        on_cpu(bare.state_dict()),
        rest,
    )


def stopped(job: Job) -> checkpoint.Loaded | None:
    """Return where this phase was stopped, if it was begun before."""
    path = job.folder / checkpoint.LAST
    if not path.is_file():
        return None
    found = checkpoint.load(path)
    runs.check_belongs(path, found, job.config, job.about)
    return found if found.rest.get("phase") == job.phase else None


def resumed(
    fabric: Any, job: Job, bare: torch.nn.Module, optimiser: Any, found: checkpoint.Loaded
) -> Progressing:
    """Put everything back as it was when the phase was stopped."""
    checkpoint.into(bare, found.weights, job.folder / checkpoint.LAST)
    optimiser.load_state_dict(found.rest["optimiser"])
    for group in optimiser.param_groups:
        group["lr"] = job.config.optimiser.learning_rate
    random, rank = found.rest["random"], fabric.global_rank
    if rank < len(random):
        torch.set_rng_state(random[rank])
    random = found.rest.get("cuda_random", ())
    if rank < len(random) and fabric.device.type == "cuda":
        torch.cuda.set_rng_state(random[rank], fabric.device)
    return msgspec.json.decode(found.rest["state"], type=Progressing)


def on_cpu(tree: Any) -> Any:
    """Return tensors, and trees of them, where a file can be written from."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu()
    if isinstance(tree, dict):
        return {key: on_cpu(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [on_cpu(value) for value in tree]
    return tree


def _of_all(fabric: Any, random: torch.Tensor) -> torch.Tensor:
    """Return the random states of all processes, a row each."""
    if fabric.world_size == 1:
        return random.reshape(1, -1)
    own = random.to(fabric.device)  # NCCL sees nothing else
    shares = [torch.empty_like(own) for _ in range(fabric.world_size)]
    torch.distributed.all_gather(shares, own)
    return torch.stack(shares).cpu()


def _finite(state: Progressing) -> Progressing:
    """Return it as JSON can hold it, which knows no infinity."""
    return msgspec.structs.replace(state, best=max(state.best, -1e300))
