"""URAN (3D-CNN + STA): a 3D-CNN on colour that looks where colour alone attends.

It follows the later paper. The earlier one has three poolings in its 3D-CNN and forms attention
from W * H(t-1); here, as in TRAN, there are four, and the frame's own H goes up to full size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from taver.training.models.tran import Tran

if TYPE_CHECKING:
    from taver.training.models import ModelConfig


class Uran(Tran):
    """TRAN that nobody guides."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(msgspec.structs.replace(config, modalities=("color",)))
