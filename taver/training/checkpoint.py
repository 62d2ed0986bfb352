"""Weights and all else that a run needs to go on, as tensors and plain values in one file.

A checkpoint is read with torch's `weights_only`: nothing in it can run. A digest over everything
in it is checked, so that a changed bit or a changed setting is noticed.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core import atomic
from taver.core.errors import DataError, NotFoundError
from taver.core.storage import explained
from taver.training.config import TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

FORMAT: Final = "taver-checkpoint"
VERSION: Final = 1
LAST: Final = "last.ckpt"  # where training goes on
BEST: Final = "best.ckpt"  # what is evaluated
SELECTED: Final = "selected.ckpt"  # with refit: by which settings were chosen on validation


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a checkpoint."""

    config: TrainingConfig
    about: dict[str, Any]  # who trained it, on what: see taver.training.runs
    weights: dict[str, Any]
    rest: dict[str, Any]  # of last.ckpt: optimiser, random state, how far it has come


def save(
    path: Path,
    config: TrainingConfig,
    about: dict[str, Any],
    weights: dict[str, torch.Tensor],
    rest: dict[str, Any] | None = None,
) -> None:
    """Put a checkpoint at `path`, all at once."""
    import torch

    tree: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "config": msgspec.json.encode(config).decode(),
        "about": msgspec.json.encode(about).decode(),
        "weights": dict(weights),
        "rest": rest or {},
    }
    tree["digest"] = _digest(tree)
    with explained(path), atomic.replacing(path) as beside, beside.open("wb") as file:
        torch.save(tree, file)
        file.flush()
        os.fsync(file.fileno())


def load(path: Path) -> Loaded:
    """Read a checkpoint; one that is damaged, foreign or changed raises DataError."""
    import torch

    with explained(path):
        if not path.is_file():
            raise NotFoundError(
                f"There is no {path}",
                fix="restore it from a backup, or train (again: in another --out)",
            )
        data = io.BytesIO(path.read_bytes())
    try:
        tree = torch.load(data, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        raise DataError(
            f"{path} holds something else than tensors and plain values; it was not loaded",
            fix="do not use it: it was made by another program, or changed",
        ) from None
    except Exception as error:  # noqa: BLE001  a damaged archive fails in many ways
        told = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{path} is no whole checkpoint: {told[:200]}",
            fix="restore it from a backup, or train again",
        ) from None
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise DataError(
            f"{path} is not a checkpoint of taver's",
            fix="give the folder of a run of taver train-baseline",
        )
    if tree.get("version") != VERSION:
        raise DataError(
            f"{path} is version {tree.get('version')!r} of its format; this taver reads {VERSION}",
            fix="use the taver that wrote it, or a newer one (pip install -U taver)",
        )
    if _digest(tree) != tree.get("digest"):
        raise DataError(f"{path} was changed after it was written", fix="restore it from a backup")
    return Loaded(
        config=msgspec.json.decode(tree["config"], type=TrainingConfig),
        about=msgspec.json.decode(tree["about"]),
        weights=tree["weights"],
        rest=tree["rest"],
    )


def into(model: torch.nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Put weights into a model; those of another model raise DataError."""
    own = model.state_dict()
    problems = [f"{name} is missing" for name in own if name not in weights]
    problems += [f"{name} is not known" for name in weights if name not in own]
    problems += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(value.shape)}"
        for name, value in own.items()
        if name in weights and weights[name].shape != value.shape
    ]
    if problems:
        raise DataError(
            f"{path} holds the weights of another model",
            fix="give the run that was trained with this model, or train again",
            problems=problems[:10],
        )
    model.load_state_dict(weights)


def _digest(tree: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for part in _parts({key: value for key, value in tree.items() if key != "digest"}):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """Yield all that a value is made of, in an order of its own."""
    import torch

    if isinstance(value, torch.Tensor):
        yield f"{value.dtype} {tuple(value.shape)};".encode()
        flat = value.detach().cpu().contiguous().reshape(-1)
        yield flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield f"{key!r}:".encode()
            yield from _parts(value[key])
        yield b"}"
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _parts(inner)
        yield b"]"
    else:
        yield f"{value!r};".encode()
