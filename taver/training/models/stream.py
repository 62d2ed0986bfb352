"""One modality's way to attention: frames encoded, then three LSTMs, each at twice the size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from taver.training.convlstm.cell import ConvLSTM
from taver.training.models.layers import halving_2d

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from taver.training.convlstm.cell import Schedule
    from taver.training.models import ModelConfig


class Hidden(NamedTuple):
    """What the three LSTMs of a stream hold in every frame, (frames x clips, channels, h, w)."""

    first: Tensor
    second: Tensor
    third: Tensor


class Stream(nn.Module):
    """A-LSTMs of a guide, or GA-LSTMs that `guides` guides talk to."""

    def __init__(self, channels: int, config: ModelConfig, *, guides: int = 0) -> None:
        super().__init__()
        encoded = [config.wide(n) for n in (32, 64, 128)]
        first, second = config.wide(64), config.wide(32)
        side = config.size_px // 8

        def lstm(before: int, hidden: int, side: int) -> ConvLSTM:
            return ConvLSTM(before, hidden, side, guides=guides, peephole=config.peephole)

        self.encoder = halving_2d([channels, *encoded])
        self.lstm1 = lstm(encoded[-1], first, side)
        self.up1 = nn.ConvTranspose2d(first, first, 2, stride=2)
        self.lstm2 = lstm(first, second, 2 * side)
        self.up2 = nn.ConvTranspose2d(second, second, 2, stride=2)
        self.lstm3 = lstm(second, 1, 4 * side)

    def forward(
        self, frames: Tensor, steps: int, guides: Sequence[Tensor] | None, schedule: Schedule
    ) -> Hidden:
        """Return what is held; frames come as (steps x clips, channels, height, width)."""
        to1, to2, to3 = guides or (None, None, None)
        first = self.lstm1(self._encoded(frames, steps, schedule), steps, to1, schedule)
        second = self.lstm2(self.up1(first), steps, to2, schedule)
        third = self.lstm3(self.up2(second), steps, to3, schedule)
        return Hidden(first, second, third)

    def _encoded(self, frames: Tensor, steps: int, schedule: Schedule) -> Tensor:
        if schedule == "fast":
            found: Tensor = self.encoder(frames)
            return found
        clips = frames.shape[0] // steps
        each = (self.encoder(frame) for frame in frames.split_with_sizes([clips] * steps))
        return torch.cat(list(each))
