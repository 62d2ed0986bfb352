"""ResNet-50 (He et al., 2016) on each frame, with a regression at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import relu

from taver.training.models.frames import FrameByFrame
from taver.training.models.layers import start
from taver.training.models.weights import shown

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.models import ModelConfig
    from taver.training.models.weights import Layout


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; the 3x3 strides."""

    def __init__(self, before: int, middle: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, after, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(after)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )
            if stride != 1 or before != after
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        short = x if self.downsample is None else self.downsample(x)
        x = relu(self.bn1(self.conv1(x)))
        x = relu(self.bn2(self.conv2(x)))
        return relu(self.bn3(self.conv3(x)) + short)


class ResNet50(FrameByFrame):
    """The network, its parts named as torchvision names them."""

    layout: Layout = "imagenet"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._before = config.wide(64)
        self.shown = shown(config, self.layout)
        self.conv1 = nn.Conv2d(3, self._before, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self._before)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._blocks(config, 64, 3, stride=1)
        self.layer2 = self._blocks(config, 128, 4, stride=2)
        self.layer3 = self._blocks(config, 256, 6, stride=2)
        self.layer4 = self._blocks(config, 512, 3, stride=2)
        self.output = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(self._before, config.outputs), nn.Tanh()
        )
        start(self.modules())

    def of_frames(self, frames: Tensor) -> Tensor:
        """Return the outputs of each frame."""
        x = self.pool(relu(self.bn1(self.conv1(self.shown(frames)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        found: Tensor = self.output(x.mean(dim=(2, 3)))
        return found

    def _blocks(self, config: ModelConfig, middle: int, count: int, stride: int) -> nn.Sequential:
        blocks = []
        for number in range(count):
            after = config.wide(4 * middle)
            blocks.append(
                Bottleneck(self._before, config.wide(middle), after, stride if not number else 1)
            )
            self._before = after
        return nn.Sequential(*blocks)
