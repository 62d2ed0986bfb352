"""Layers that several models have: convolutions and pools, the regression at the end, the start."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import nn

from taver.training.convolution.layer import Conv2d, Conv3d

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from taver.training.models import ModelConfig


def halving_2d(channels: Sequence[int]) -> nn.Sequential:
    """Return a 3x3 convolution, ReLU and 2x2 pool for each step from one width to the next.

    The pool stands before the ReLU: the largest is the same, found among four times as many.
    """
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(channels):
        layers += [Conv2d(before, after), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def halving_3d(channels: Sequence[int]) -> nn.Sequential:
    """Return the same in three dimensions; an odd number of frames is rounded up when halved."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(channels):
        layers += [
            Conv3d(before, after),
            nn.MaxPool3d(2, ceil_mode=True),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class Regression(nn.Sequential):
    """Two fully connected layers with dropout between them; the outputs go from -1 to 1."""

    def __init__(self, features: int, hidden: int, config: ModelConfig) -> None:
        super().__init__(
            nn.Linear(features, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(hidden, config.outputs),
            nn.Tanh(),
        )


def start(modules: Iterable[nn.Module]) -> None:
    """Draw weights after Xavier (Glorot and Bengio, 2010); biases are 0."""
    for module in modules:
        if isinstance(module, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.LSTM, nn.RNN)):
            for name, parameter in module.named_parameters():
                if name.startswith("weight"):
                    nn.init.xavier_uniform_(parameter)
                else:
                    nn.init.zeros_(parameter)


def in_time(pictures: Tensor) -> Tensor:
    """Return (clips, channels, frames, h, w) as (frames x clips, channels, h, w)."""
    clips, channels, frames, *side = pictures.shape
    return pictures.permute(2, 0, 1, 3, 4).reshape(frames * clips, channels, *side)


def packed(pictures: Tensor) -> Tensor:
    """Return pictures with their channels side by side in memory, as convolutions like them."""
    flat = pictures.dim() == 4
    order = torch.channels_last if flat else torch.channels_last_3d
    return pictures.contiguous(memory_format=order)
