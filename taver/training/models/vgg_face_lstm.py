"""VGG-Face's convolutions on each frame, one fully connected layer, two LSTM layers of 128.

The output is of the clip's last frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from taver.training.models.layers import in_time, packed, start
from taver.training.models.vgg16 import convolutions, features_of
from taver.training.models.weights import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from taver.training.models import ModelConfig
    from taver.training.models.weights import Layout


class VggFaceLstm(nn.Module):
    """The network; colour only."""

    layout: Layout = "vgg-face"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        wide, hidden = config.wide(4096), config.wide(128)
        self.shown = shown(config, self.layout)
        self.features = convolutions(config)
        self.described = nn.Sequential(
            nn.Flatten(),
            nn.Linear(features_of(config), wide),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
        )
        self.lstm = nn.LSTM(wide, hidden, num_layers=2)
        self.output = nn.Sequential(nn.Linear(hidden, config.outputs), nn.Tanh())
        start(self.modules())

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of each clip."""
        color = batch["color"]
        described = self.described(self.features(self.shown(packed(in_time(color)))))
        in_order = described.view(color.shape[2], color.shape[0], -1)
        found: Tensor = self.output(self.lstm(in_order)[0][-1])
        return found
