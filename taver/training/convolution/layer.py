"""Convolutions that take the way that is cheapest for their shape; weights are torch's own.

On a processor, in float32 or float64: `few` for pictures of one channel, `winograd` from 32
channels on where there are pixels enough to share the transformed weights. All else, and
everything on a GPU, in bfloat16, on the way to an export or inside `plainly`, is torch's. Which way
is taken hangs on shapes alone, never on a measurement while running: a run can be repeated.
"""

from __future__ import annotations

import contextlib
import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn.functional import conv2d, conv3d

from taver.training.convolution import few, winograd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

# Measured with AVX2 on one thread; below, what is saved goes into the transforms.
_CHANNELS: Final = 32
_PIXELS: Final = 500  # that one transformation of the weights serves
_plain: Final = ContextVar("plain", default=False)


class Conv2d(nn.Conv2d):
    """3x3, padded by one."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution."""
        return prepared(self, x)(x)


class Conv3d(nn.Conv3d):
    """3x3x3, padded by one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution."""
        return prepared(self, x)(x)


def prepared(layer: Conv2d | Conv3d, like: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a layer for inputs like this one, its weights transformed once for all of them."""
    weight, bias = layer.weight, layer.bias
    if _may_choose(like):
        if like.shape[1] == 1 and bias is not None and not like.requires_grad:
            return functools.partial(few.convolve, weight=weight, bias=bias)
        pixels = like.numel() // like.shape[1] // (like.shape[0] if like.dim() == 5 else 1)
        if (
            min(weight.shape[:2]) >= _CHANNELS
            and pixels >= _PIXELS
            and like.shape[-2] % winograd.ROWS == 0
        ):
            points = winograd.transformed(weight)
            return functools.partial(winograd.convolve, points=points, bias=bias)
    plain = conv2d if like.dim() == 4 else conv3d
    return functools.partial(plain, weight=weight, bias=bias, padding=1)


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Take torch's convolution for everything inside the block."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def _may_choose(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and not _plain.get()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )
