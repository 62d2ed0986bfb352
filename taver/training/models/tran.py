"""TRAN: a 3D-CNN on colour that looks where colour, guided by depth and heat, attends.

Each guide has LSTMs of its own, and hands what they held a frame before to those of colour.
Attention is the softmax over a frame's pixels; with `attention_scale = "pixels"` times their count,
so that its mean is 1: unscaled it is about 1e-4, and nothing is learnt.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch
from torch import nn

from taver.training.convolution.layer import plainly
from taver.training.models import CHANNELS
from taver.training.models.cnn3d import Emotion
from taver.training.models.layers import in_time, packed, start
from taver.training.models.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from taver.training.convlstm.cell import Schedule
    from taver.training.models import ModelConfig


class Tran(nn.Module):
    """The model; `schedule` is "fast", or "literal": step by step as the equations stand."""

    schedule: Schedule = "fast"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        guides = config.sees[1:]
        self.scaled = config.attention_scale == "pixels"
        self.emotion = Emotion(config)
        self.color = Stream(CHANNELS["color"], config, guides=len(guides))
        self.guides = nn.ModuleDict({name: Stream(CHANNELS[name], config) for name in guides})
        self.up3 = nn.ConvTranspose2d(1, 1, 2, stride=2)
        start(self.modules())

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of each clip."""
        with contextlib.nullcontext() if self.schedule == "fast" else plainly():
            found: Tensor = self.emotion(self._laid(batch["color"]), self._looked(batch))
        return found

    def attention(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return where is looked: (clips, frames, height, width), without a sign."""
        with contextlib.nullcontext() if self.schedule == "fast" else plainly():
            return self._looked(batch)

    def _looked(self, batch: Mapping[str, Tensor]) -> Tensor:
        steps = batch["color"].shape[2]
        held = [
            # What a guide sees in the last frame would be heard after it.
            stream(self._laid(in_time(batch[name][:, :, :-1])), steps - 1, None, self.schedule)
            for name, stream in self.guides.items()
        ]
        handed = [torch.cat(level, dim=1) for level in zip(*held, strict=True)] or None
        frames = self._laid(in_time(batch["color"]))
        looked = self.up3(self.color(frames, steps, handed, self.schedule).third)
        weights = torch.softmax(looked.flatten(1).float(), dim=1)
        if self.scaled:
            weights = weights * weights.shape[1]
        return weights.view(steps, -1, *looked.shape[-2:]).transpose(0, 1)

    def _laid(self, pictures: Tensor) -> Tensor:
        return packed(pictures) if self.schedule == "fast" else pictures.contiguous()
