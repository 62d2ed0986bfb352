"""The weights of a (guided) convolutional LSTM, run over frames by either of two schedules.

i = sigmoid(Wxi * x + Whi * h + Wgi * g + Wci * c + bi)        g: h of the guides, a frame before
f = sigmoid(Wxf * x + Whf * h + Wgf * g + Wcf * c + bf)        h, c: its own, a frame before
c' = f . c + i . tanh(Wxc * x + Whc * h + Wgc * g + bc)        *: 3x3 convolution
o = sigmoid(Wxo * x + Who * h + Wgo * g + Wco . c' + bo)       .: pixel by pixel
h' = o . tanh(c')

`peephole` says how c reaches i and f: "literal" as here, "hadamard" pixel by pixel (Shi et al.,
2015), "none" not at all (then o does not see c' either). Before the first frame all states are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from taver.training.convlstm import fast, literal
from taver.training.convolution.layer import Conv2d

if TYPE_CHECKING:
    from torch import Tensor

Peephole = Literal["literal", "hadamard", "none"]
Schedule = Literal["fast", "literal"]


class ConvLSTM(nn.Module):
    """A cell for pictures of `side` pixels; the gates stand in the order i, f, c, o."""

    def __init__(
        self,
        channels: int,
        hidden: int,
        side: int,
        *,
        guides: int = 0,
        peephole: Peephole = "literal",
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.guides = guides
        self.peephole = peephole
        self.of_input = _convolution(channels, 4 * hidden, bias=True)
        self.of_hidden = _convolution(hidden, 4 * hidden)
        self.of_guides = _convolution(guides * hidden, 4 * hidden) if guides else None
        self.of_state = _convolution(hidden, 2 * hidden) if peephole == "literal" else None
        pixels = (hidden, side, side)
        self.state_to_input = _weights(pixels) if peephole == "hadamard" else None
        self.state_to_forget = _weights(pixels) if peephole == "hadamard" else None
        self.state_to_output = _weights(pixels) if peephole != "none" else None

    def forward(
        self, frames: Tensor, steps: int, guides: Tensor | None, schedule: Schedule
    ) -> Tensor:
        """Return h of every frame; frames come as (steps x clips, channels, height, width).

        `guides` are the guides' h, side by side in their channels, of all steps but the last.
        """
        run = fast.run if schedule == "fast" else literal.run
        return run(self, frames, steps, guides)


def _convolution(channels: int, outputs: int, *, bias: bool = False) -> Conv2d:
    return Conv2d(channels, outputs, bias=bias)


def _weights(shape: tuple[int, ...]) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape))
