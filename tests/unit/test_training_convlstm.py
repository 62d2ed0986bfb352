"""The fast schedule says what the equations say: outputs, and what is learnt from them."""

import pytest
import torch

from taver.training.convlstm.cell import ConvLSTM

torch.set_num_threads(1)


def cell(peephole="literal", guides=2, hidden=4, side=6):
    torch.manual_seed(5)
    made = ConvLSTM(3, hidden, side, guides=guides, peephole=peephole).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.3)
    return made


def run(one, schedule, frames=5, clips=2):
    torch.manual_seed(6)
    x = torch.randn(frames * clips, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    guides = None
    if one.guides:
        guides = torch.randn(
            (frames - 1) * clips,
            one.guides * one.hidden,
            6,
            6,
            dtype=torch.float64,
            requires_grad=True,
        )
    held = one(x, frames, guides, schedule)
    one.zero_grad()
    (held * torch.linspace(-1, 1, held.numel(), dtype=torch.float64).view_as(held)).sum().backward()
    grads = {name: parameter.grad for name, parameter in one.named_parameters()}
    grads["frames"] = x.grad
    if guides is not None:
        grads["guides"] = guides.grad
    return held.detach(), grads


@pytest.mark.parametrize("peephole", ["literal", "hadamard", "none"])
@pytest.mark.parametrize("guides", [0, 1, 2])
def test_both_schedules_give_the_same_and_learn_the_same(peephole, guides):
    one = cell(peephole, guides)
    fast, fast_grads = run(one, "fast")
    literal, literal_grads = run(one, "literal")
    assert torch.allclose(fast, literal, rtol=0, atol=1e-12)
    assert literal.abs().max() > 0.1  # and not because all is nothing
    for name, grad in literal_grads.items():
        assert torch.allclose(fast_grads[name], grad, rtol=0, atol=1e-11), name


def test_one_pixel_follows_the_equations_in_plain_numbers():
    one = ConvLSTM(1, 1, 1, guides=1).double()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.normal_()
    x, g = torch.randn(3, 1, 1, 1).double(), torch.randn(2, 1, 1, 1).double()
    # On one pixel a 3x3 convolution is its middle weight.
    wx, wh, wg, wc = (
        layer.weight[:, 0, 1, 1].tolist()
        for layer in (one.of_input, one.of_hidden, one.of_guides, one.of_state)
    )
    b, wo = one.of_input.bias.tolist(), one.state_to_output.item()
    h = c = 0.0
    expected = []
    for frame in range(3):
        guide = g[frame - 1].item() if frame else 0.0
        z = [wx[k] * x[frame].item() + wh[k] * h + wg[k] * guide + b[k] for k in range(4)]
        i, f = sigmoid(z[0] + wc[0] * c), sigmoid(z[1] + wc[1] * c)
        c = f * c + i * torch.tanh(torch.tensor(z[2])).item()
        h = sigmoid(z[3] + wo * c) * torch.tanh(torch.tensor(c)).item()
        expected.append(h)
    for schedule in ("fast", "literal"):
        assert one(x, 3, g, schedule).flatten().tolist() == pytest.approx(expected, abs=1e-6)


def sigmoid(value):
    return torch.sigmoid(torch.tensor(value)).item()


def test_a_guide_is_heard_a_frame_later_and_never_at_once():
    one = cell(guides=1)
    x = torch.randn(8, 3, 6, 6, dtype=torch.float64)
    guides = torch.randn(6, 4, 6, 6, dtype=torch.float64)
    other = guides.clone()
    other[2:4] += 1.0  # what it says in the second of four frames, two clips
    with torch.no_grad():
        before, after = one(x, 4, guides, "fast"), one(x, 4, other, "fast")
    changed = (before != after).flatten(1).any(1).view(4, 2).all(1)
    assert changed.tolist() == [False, False, True, True]
