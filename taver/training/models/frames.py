"""Models that look at one frame at a time: those frames of a clip that its label is of."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from torch import nn

from taver.training.models.layers import in_time, packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from taver.training.models import ModelConfig


class FrameByFrame(nn.Module, abc.ABC):
    """Takes the mean over all frames, or the one frame that `clip_label` names."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.clip_label = config.clip_label

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of each clip."""
        color = batch["color"]
        clips, frames = color.shape[0], color.shape[2]
        if self.clip_label != "mean":
            at = frames - 1 if self.clip_label == "last" else frames // 2
            color, frames = color[:, :, at : at + 1], 1
        found = self.of_frames(packed(in_time(color)))
        return found.view(frames, clips, -1).mean(dim=0)

    @abc.abstractmethod
    def of_frames(self, frames: Tensor) -> Tensor:
        """Return the outputs of each frame."""
