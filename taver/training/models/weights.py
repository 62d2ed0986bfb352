"""Weights that were trained elsewhere, taken by a file's path; without one a model starts afresh.

torchvision's VGG-16 and ResNet-50, and a VGG-Face of the same shape, fit by their names. What does
not fit (the classes at the end; fully connected layers, for crops of another size than 224) is
left as it was drawn, and the sentence returned says how many layers were taken.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import torch
from torch import nn

from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.storage import explained
from taver.training.models import SCRATCH

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.models import ModelConfig

Layout = Literal["imagenet", "vgg-face"]
# What such networks were shown: (x - mean) / deviation, with x from 0 to 1; VGG-Face saw 0 to 255
# less the mean of its faces, in the order red, green, blue.
_SEEN: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "vgg-face": (
        (129.1863 / 255, 104.7624 / 255, 93.594 / 255),
        (1 / 255, 1 / 255, 1 / 255),
    ),
}


class AsBefore(nn.Module):
    """Turns colour from -1 to 1 into what a network was shown when it was trained."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        mean, deviation = (torch.tensor(values)[:, None, None] for values in _SEEN[layout])
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the frames as they were shown."""
        return ((frames + 1) / 2 - self.mean) / self.deviation


def shown(config: ModelConfig, layout: Layout) -> nn.Module:
    """Return how frames are shown: as they are, to a network that starts from scratch."""
    return nn.Identity() if config.weights is None else AsBefore(layout)


def begin(model: nn.Module, config: ModelConfig) -> str:
    """Put the config's weights into a new model; return what it begins with, in words."""
    if config.weights is None:
        return SCRATCH
    path = Path(config.weights)
    given, digest = _read(path)
    own = model.state_dict()
    fitting = {n: v for n, v in given.items() if n in own and own[n].shape == v.shape}
    wanted = [name for name in own if _is_needed(name)]
    problems = [_why(name, given, own) for name in wanted if name not in fitting]
    if problems:
        raise DataError(
            f"{path} does not hold weights for {config.name}",
            fix="give a state dict as torchvision names its layers, and leave --width at 1",
            problems=problems[:10],
        )
    model.load_state_dict({**own, **fitting})
    taken = f"{len(fitting)} of {len(own)} arrays"
    return f"{path.name} (sha256 {digest}), {taken}"


def _is_needed(name: str) -> bool:
    """Tell whether an array belongs to what describes a face, not to what is said of it."""
    convolutions = ("features.", "conv1.", "bn1.", "layer")
    return name.startswith(convolutions) and not name.endswith("num_batches_tracked")


def _why(name: str, given: dict[str, Tensor], own: dict[str, Any]) -> str:
    if name not in given:
        return f"{name} is missing"
    return f"{name} is {tuple(given[name].shape)}, not {tuple(own[name].shape)}"


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    with explained(path):
        if not path.is_file():
            raise NotFoundError(f"There are no weights at {path}", fix="check model.weights")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            tree = _parsed(path)
        except TaverError:
            raise
        except Exception as error:  # noqa: BLE001  what is no such file fails in many ways
            told = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError(
                f"{path} is no file of weights: {told[:200]}",
                fix="give a state dict saved by torch, or a .safetensors file",
            ) from None
    named = isinstance(tree, dict) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in tree.items()
    )
    if not named:
        raise DataError(
            f"{path} holds something else than named arrays",
            fix="give a state dict saved by torch, or a .safetensors file",
        )
    return tree, digest


def _parsed(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from taver.core.extras import need

        safetensors = need("safetensors.torch", extra="train", to="read weights")
        return safetensors.load_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pickle's dialects; what is loaded is looked at below
        return torch.load(path, weights_only=True, map_location="cpu")
