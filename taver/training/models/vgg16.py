"""VGG-16 (Simonyan and Zisserman, 2015) on each frame, with a regression at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from taver.training.models.frames import FrameByFrame
from taver.training.models.layers import start
from taver.training.models.weights import shown

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.models import ModelConfig
    from taver.training.models.weights import Layout

_BLOCKS: Final = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
HALVINGS: Final = len(_BLOCKS)


def convolutions(config: ModelConfig) -> nn.Sequential:
    """Return the thirteen convolutions with their five pools, numbered as torchvision's."""
    layers: list[nn.Module] = []
    before = 3
    for block in _BLOCKS:
        for channels in (config.wide(n) for n in block):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
            before = channels
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(*layers)


def features_of(config: ModelConfig) -> int:
    """Return how many numbers a frame leaves behind the last pool."""
    side = int(-(-config.size_px // 2**HALVINGS))
    return config.wide(512) * side * side


class Vgg16(FrameByFrame):
    """The network; a crop of 96 pixels leaves 3x3 places behind the last pool, not 7x7."""

    # Weights trained elsewhere are of this shape, as torchvision writes them.
    layout: Layout = "imagenet"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        wide = config.wide(4096)
        self.shown = shown(config, self.layout)
        self.features = convolutions(config)
        self.classifier = nn.Sequential(
            nn.Linear(features_of(config), wide),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(wide, wide),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
        )
        self.output = nn.Sequential(nn.Linear(wide, config.outputs), nn.Tanh())
        start(self.modules())

    def of_frames(self, frames: Tensor) -> Tensor:
        """Return the outputs of each frame."""
        seen = self.features(self.shown(frames))
        found: Tensor = self.output(self.classifier(seen.flatten(1)))
        return found
