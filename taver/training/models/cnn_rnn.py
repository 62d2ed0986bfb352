"""A small CNN on each frame and a recurrent network over them, after Khorrami et al. (2016).

Our reading, for colour: three 5x5 convolutions of 64, 128 and 256 channels, 2x2 pools behind the
first two, the largest of each quadrant behind the third, 300 units; then three layers of 100 units
with ReLU over the clip's frames. The output is of the clip's last frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from taver.training.models.layers import in_time, packed, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from taver.training.models import ModelConfig


class CnnRnn(nn.Module):
    """The network; colour only."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        one, two, three = (config.wide(n) for n in (64, 128, 256))
        described, hidden = config.wide(300), config.wide(100)
        self.cnn = nn.Sequential(
            nn.Conv2d(3, one, 5, padding=2),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.Conv2d(one, two, 5, padding=2),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.Conv2d(two, three, 5, padding=2),
            nn.MaxPool2d(config.size_px // 8),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(4 * three, described),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
        )
        self.rnn = nn.RNN(described, hidden, num_layers=3, nonlinearity="relu")
        self.output = nn.Sequential(nn.Linear(hidden, config.outputs), nn.Tanh())
        start(self.modules())
        self._remember()

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of each clip."""
        color = batch["color"]
        described = self.cnn(packed(in_time(color))).view(color.shape[2], color.shape[0], -1)
        found: Tensor = self.output(self.rnn(described)[0][-1])
        return found

    def _remember(self) -> None:
        """Begin with what was there before, as Le et al. (2015) do: ReLUs forget it otherwise."""
        for name, parameter in self.rnn.named_parameters():
            if name.startswith("weight_hh"):
                nn.init.eye_(parameter)
