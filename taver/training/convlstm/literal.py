"""The oracle: a convolutional LSTM as its equations stand, one convolution a weight and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import conv2d

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.convlstm.cell import ConvLSTM

_I, _F, _C, _O = range(4)


def run(cell: ConvLSTM, frames: Tensor, steps: int, guides: Tensor | None) -> Tensor:
    """Return h of every frame, one below the other."""
    clips, side = frames.shape[0] // steps, frames.shape[-2:]
    h = frames.new_zeros(clips, cell.hidden, *side)
    c = h
    nothing = frames.new_zeros(clips, cell.guides * cell.hidden, *side)
    found = []
    for step, x in enumerate(frames.split_with_sizes([clips] * steps)):
        handed = nothing
        if guides is not None and step:
            handed = guides[(step - 1) * clips : step * clips]
        h, c = _step(cell, x, h, c, handed)
        found.append(h)
    return torch.cat(found)


def _step(cell: ConvLSTM, x: Tensor, h: Tensor, c: Tensor, handed: Tensor) -> tuple[Tensor, Tensor]:
    i = torch.sigmoid(_sum(cell, _I, x, h, handed) + _peep(cell, _I, c))
    f = torch.sigmoid(_sum(cell, _F, x, h, handed) + _peep(cell, _F, c))
    c = f * c + i * torch.tanh(_sum(cell, _C, x, h, handed))
    o = torch.sigmoid(_sum(cell, _O, x, h, handed) + _peep(cell, _O, c))
    return o * torch.tanh(c), c


def _sum(cell: ConvLSTM, gate: int, x: Tensor, h: Tensor, handed: Tensor) -> Tensor:
    """Return what input, hidden state and each guide say to a gate."""
    rows = slice(gate * cell.hidden, (gate + 1) * cell.hidden)
    bias = cell.of_input.bias
    assert bias is not None
    total = conv2d(x, cell.of_input.weight[rows], bias[rows], padding=1)
    total = total + conv2d(h, cell.of_hidden.weight[rows], padding=1)
    if cell.of_guides is not None:
        for guide in range(cell.guides):
            its = slice(guide * cell.hidden, (guide + 1) * cell.hidden)
            total = total + conv2d(handed[:, its], cell.of_guides.weight[rows, its], padding=1)
    return total


def _peep(cell: ConvLSTM, gate: int, c: Tensor) -> Tensor:
    """Return what the state says to a gate."""
    if cell.peephole == "none":
        return torch.zeros_like(c)
    if gate == _O:
        return _known(cell.state_to_output) * c
    if cell.peephole == "hadamard":
        return _known(cell.state_to_input if gate == _I else cell.state_to_forget) * c
    rows = slice(gate * cell.hidden, (gate + 1) * cell.hidden)
    assert cell.of_state is not None
    return conv2d(c, cell.of_state.weight[rows], padding=1)


def _known(weights: Tensor | None) -> Tensor:
    assert weights is not None
    return weights
