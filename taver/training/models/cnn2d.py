"""The 3D-CNN's layers without time: each frame by itself, and the mean of what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import relu

from taver.training.models.frames import FrameByFrame
from taver.training.models.layers import Regression, halving_2d, start

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.models import ModelConfig


class Cnn2d(FrameByFrame):
    """A convolution, four halvings, two fully connected layers."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        first, *rest = (config.wide(n) for n in (32, 32, 64, 128, 256))
        self.features = nn.Conv2d(3, first, 3, padding=1)
        self.halvings = halving_2d([first, *rest])
        side = config.size_px // 16
        self.regression = Regression(rest[-1] * side * side, config.wide(1024), config)
        start(self.modules())

    def of_frames(self, frames: Tensor) -> Tensor:
        """Return the outputs of each frame."""
        found: Tensor = self.regression(self.halvings(relu(self.features(frames))).flatten(1))
        return found
