"""TRAN's 3D-CNN: colour as it is, or times the attention that another model gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import relu

from taver.training.convolution.layer import Conv3d
from taver.training.models.layers import Regression, halving_3d, packed, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from taver.training.models import ModelConfig


class Emotion(nn.Module):
    """Features of colour, weighed pixel by pixel, through four halvings to the outputs."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        first, *rest = (config.wide(n) for n in (32, 32, 64, 128, 256))
        self.features = Conv3d(3, first)
        self.halvings = halving_3d([first, *rest])
        side = config.size_px // 16
        self.regression = Regression(rest[-1] * side * side, config.wide(1024), config)

    def forward(self, color: Tensor, attention: Tensor | None = None) -> Tensor:
        """Return the outputs; attention comes as (clips, frames, height, width)."""
        seen = relu(self.features(color))
        if attention is not None:
            seen = seen * attention.unsqueeze(1).to(seen.dtype)
        # Of 16 frames one is left, and there is nothing to average.
        left = self.halvings(seen).mean(dim=2)
        found: Tensor = self.regression(left.flatten(1))
        return found


class Cnn3d(nn.Module):
    """The 3D-CNN alone, on colour."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.emotion = Emotion(config)
        start(self.modules())

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of each clip."""
        found: Tensor = self.emotion(packed(batch["color"]))
        return found
