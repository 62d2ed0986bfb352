"""The reference models: what each is called, what it sees, and the options all of them share.

A model takes a dict of modality to pictures (clips, channels, frames, height, width), about -1 to 1
as `taver.training.scaling` makes them, and returns (clips, outputs) from -1 to 1. One that attends
has `attention(batch)`, which returns maps (clips, frames, height, width).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import msgspec

from taver.core import config as files
from taver.core.config import Section
from taver.core.extras import need

if TYPE_CHECKING:
    from torch import nn

Name = Literal[
    "tran", "uran", "cnn3d", "cnn2d", "cnn-rnn", "vgg16", "resnet50", "vgg-face", "vgg-face-lstm"
]
Seen = Literal["color", "depth", "thermal"]
CHANNELS: Final = {"color": 3, "depth": 1, "thermal": 1}
SCRATCH: Final = "from scratch"  # what a model began from that was given no weights
_HALVINGS: Final = 16  # a picture is halved four times
_HEARD_FROM: Final = 3  # frames: a guide's memory needs a second one, and is heard in the next


class Entry(NamedTuple):
    """Where a model lives, what it can see beside colour, and what it is."""

    target: str
    guides: tuple[str, ...]
    about: str
    takes_weights: bool = False  # which were trained elsewhere, by path
    recurrent: bool = False  # has ConvLSTMs: `peephole` and `attention_scale` mean something


MODELS: Final = {
    "tran": Entry(
        "taver.training.models.tran:Tran",
        ("depth", "thermal"),
        "3D-CNN on colour, attention guided by depth and heat",
        recurrent=True,
    ),
    "uran": Entry(
        "taver.training.models.uran:Uran",
        (),
        "3D-CNN on colour, attention from colour itself (3D-CNN + STA)",
        recurrent=True,
    ),
    "cnn3d": Entry("taver.training.models.cnn3d:Cnn3d", (), "TRAN's 3D-CNN without attention"),
    "cnn2d": Entry("taver.training.models.cnn2d:Cnn2d", (), "the same layers, frame by frame"),
    "cnn-rnn": Entry(
        "taver.training.models.cnn_rnn:CnnRnn", (), "a small CNN and a recurrent network behind it"
    ),
    "vgg16": Entry(
        "taver.training.models.vgg16:Vgg16", (), "VGG-16, frame by frame", takes_weights=True
    ),
    "resnet50": Entry(
        "taver.training.models.resnet50:ResNet50",
        (),
        "ResNet-50, frame by frame",
        takes_weights=True,
    ),
    "vgg-face": Entry(
        "taver.training.models.vgg_face:VggFace",
        (),
        "VGG-Face, frame by frame: VGG-16 with other weights to start from",
        takes_weights=True,
    ),
    "vgg-face-lstm": Entry(
        "taver.training.models.vgg_face_lstm:VggFaceLstm",
        (),
        "VGG-Face, one fully connected layer, two LSTM layers of 128",
        takes_weights=True,
    ),
}


class ModelConfig(Section, frozen=True, kw_only=True):
    """A model and everything that can be chosen about it; the defaults are the paper's TRAN."""

    name: Name = "tran"
    # What is offered; a model sees those of them that it can: `sees`.
    modalities: tuple[Seen, ...] = ("color", "depth", "thermal")
    target: Literal["valence", "arousal", "both"] = "valence"  # both: arousal, then valence
    width: Annotated[float, msgspec.Meta(gt=0, le=4)] = 1.0  # a fraction of the paper's channels
    length: Annotated[int, msgspec.Meta(ge=1, le=256)] = 16  # frames of a clip
    size_px: Annotated[int, msgspec.Meta(ge=16, le=512, multiple_of=_HALVINGS)] = 96
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    # How the cell's state c reaches its gates. literal: by a 3x3 convolution for i and f, pixel by
    # pixel for o, as printed; hadamard: pixel by pixel for all three; none: not at all.
    peephole: Literal["literal", "hadamard", "none"] = "literal"
    # pixels: attention times height x width, so that its mean is 1. none is equation 3 to the
    # letter: about 1e-4 everywhere, which does not learn.
    attention_scale: Literal["pixels", "none"] = "pixels"
    # Which of a clip's labels is learnt; a frame-by-frame model looks at these frames.
    clip_label: Literal["mean", "last", "centre"] = "mean"
    weights: files.Words | None = None  # a file to start from; for models trained elsewhere before

    def __post_init__(self) -> None:
        if "color" not in self.modalities:
            raise ValueError("colour is what every model looks at: add color to modalities")
        if len(set(self.modalities)) != len(self.modalities):
            raise ValueError("a modality is named twice")
        if MODELS[self.name].recurrent and self.length < _HEARD_FROM:
            raise ValueError(f"{self.name} needs clips of {_HEARD_FROM} frames or more")
        if self.weights is not None and not MODELS[self.name].takes_weights:
            able = ", ".join(name for name, entry in MODELS.items() if entry.takes_weights)
            raise ValueError(f"{self.name} starts from scratch: weights are for {able}")

    @property
    def sees(self) -> tuple[str, ...]:
        """Return the modalities that this model looks at, colour first."""
        return ("color", *(m for m in MODELS[self.name].guides if m in self.modalities))

    @property
    def outputs(self) -> int:
        """Return how many numbers come out for a clip."""
        return 2 if self.target == "both" else 1

    def wide(self, channels: int) -> int:
        """Return how many channels a layer has at this width, for one that has `channels` at 1."""
        return max(1, round(channels * self.width))


def names() -> tuple[str, ...]:
    """Return what models are called."""
    return tuple(MODELS)


def build(config: ModelConfig) -> nn.Module:
    """Return the model with new weights, drawn from torch's random state.

    No file is read: weights trained elsewhere are taken by `taver.training.models.weights.begin`.
    """
    need("torch", extra="train", to="train and run models")
    module, _, attribute = MODELS[config.name].target.partition(":")
    model: nn.Module = getattr(importlib.import_module(module), attribute)(config)
    return model
