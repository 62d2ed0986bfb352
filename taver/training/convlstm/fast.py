"""A convolutional LSTM with everything but the recurrence taken out of the loop over frames.

What input and guides say is one convolution each over all frames; a step is left with one of h and
one of c, and the first step, where both are 0, with none. Gates are told apart by `chunk`: the
gradient of a slice is as large as what it was cut from, filled with zeros at each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from taver.training.convolution.layer import prepared

if TYPE_CHECKING:
    from torch import Tensor

    from taver.training.convlstm.cell import ConvLSTM


def run(cell: ConvLSTM, frames: Tensor, steps: int, guides: Tensor | None) -> Tensor:
    """Return h of every frame, one below the other."""
    clips = frames.shape[0] // steps
    sums = cell.of_input(frames).split_with_sizes([clips] * steps)
    handed: tuple[Tensor, ...] = ()
    if cell.of_guides is not None and guides is not None:
        handed = cell.of_guides(guides).split_with_sizes([clips] * (steps - 1))
    h, c = _first(cell, sums[0])
    found = [h]
    of_hidden = prepared(cell.of_hidden, h)
    of_state = None if cell.of_state is None else prepared(cell.of_state, c)
    for step, gates in enumerate(sums[1:]):
        said = (gates + handed[step] if handed else gates) + of_hidden(h)
        h, c = _step(cell, said, None if of_state is None else of_state(c), c)
        found.append(h)
    return torch.cat(found)


def _first(cell: ConvLSTM, gates: Tensor) -> tuple[Tensor, Tensor]:
    i, _, new, o = gates.chunk(4, dim=1)
    return _out(cell, o, torch.sigmoid(i) * torch.tanh(new))


def _step(cell: ConvLSTM, gates: Tensor, peeped: Tensor | None, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, new, o = gates.chunk(4, dim=1)
    if peeped is not None:
        to_i, to_f = peeped.chunk(2, dim=1)
        i, f = i + to_i, f + to_f
    elif cell.state_to_input is not None and cell.state_to_forget is not None:
        i, f = i + cell.state_to_input * c, f + cell.state_to_forget * c
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(new)
    return _out(cell, o, c)


def _out(cell: ConvLSTM, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    if cell.state_to_output is not None:
        o = o + cell.state_to_output * c
    return torch.sigmoid(o) * torch.tanh(c), c
