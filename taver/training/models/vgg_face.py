"""VGG-Face (Parkhi et al., 2015): VGG-16, begun with weights that know faces if given them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.training.models.vgg16 import Vgg16

if TYPE_CHECKING:
    from taver.training.models.weights import Layout


class VggFace(Vgg16):
    """The network; from scratch it is VGG-16."""

    layout: Layout = "vgg-face"
