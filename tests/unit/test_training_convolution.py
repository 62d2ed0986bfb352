"""Convolutions by fewer multiplications say what torch's say, and so do their gradients."""

import pytest
import torch

from taver.training.convolution import few, layer, winograd
from taver.training.convolution.layer import Conv2d, Conv3d

torch.set_num_threads(1)
LAID = {4: torch.channels_last, 5: torch.channels_last_3d}
PLAIN = {4: torch.conv2d, 5: torch.conv3d}


@pytest.fixture
def nothing_is_empty():
    """Memory that nobody wrote to holds NaN."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def drawn(*shape, dtype=torch.float64):
    made = torch.randn(shape, dtype=dtype)
    return made.contiguous(memory_format=LAID[len(shape)]) if len(shape) > 3 else made


def made(kind, channels, outputs, taps):
    torch.manual_seed(2)
    x = drawn(*kind[:1], channels, *kind[1:]).requires_grad_()
    weight = drawn(outputs, channels, *[3] * taps).requires_grad_()
    return x, weight, drawn(outputs).requires_grad_()


def gradients(found, inputs):
    torch.manual_seed(3)
    return torch.autograd.grad(found, inputs, torch.randn(found.shape, dtype=found.dtype))


@pytest.mark.usefixtures("nothing_is_empty")
@pytest.mark.parametrize("block", [1, 3000, 1 << 20])  # numbers: how finely the work is cut up
@pytest.mark.parametrize(
    "kind", [(3, 12, 5), (1, 6, 1), (5, 24, 4), (2, 3, 24, 5), (1, 1, 6, 4), (2, 4, 12, 3)]
)
def test_winograds_convolution_is_torchs(kind, block, monkeypatch):
    monkeypatch.setattr(winograd, "_BLOCK", block)
    x, weight, bias = made(kind, 4, 6, len(kind) - 1)
    plain = PLAIN[x.dim()](x, weight, bias, padding=1)
    found = winograd.convolve(x, winograd.transformed(weight), bias)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-11)
    assert found.is_contiguous(memory_format=LAID[x.dim()])
    learnt_from = (x, weight, bias)
    torch.testing.assert_close(
        gradients(found, learnt_from), gradients(plain, learnt_from), rtol=0, atol=1e-11
    )


def test_who_judged_before_can_still_learn():
    x, weight, bias = made((1, 6, 4), 2, 2, 2)
    winograd._matrix.cache_clear()
    with torch.inference_mode():
        winograd.convolve(x, winograd.transformed(weight), bias)
    found = winograd.convolve(x, winograd.transformed(weight), bias)
    assert all(one.isfinite().all() for one in gradients(found, (x, weight, bias)))


@pytest.mark.usefixtures("nothing_is_empty")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [(3, 12, 5), (2, 3, 8, 5), (1, 1, 6, 4)])
def test_a_picture_with_few_channels_is_convolved_as_by_torch(kind, channels, monkeypatch):
    monkeypatch.setattr(few, "_BLOCK", 1500)  # a few rows at a time, and a rest
    x, weight, bias = made(kind, channels, 6, len(kind) - 1)
    x = x.detach()
    plain = PLAIN[x.dim()](x, weight, bias, padding=1)
    found = few.convolve(x, weight, bias)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-12)
    learnt_from = (weight, bias)
    torch.testing.assert_close(
        gradients(found, learnt_from), gradients(plain, learnt_from), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("inputs", "clips", "side", "quick"),
    [
        (32, 4, 12, True),
        (32, 1, 12, False),
        (32, 4, 16, False),
        (8, 4, 12, False),
        (1, 4, 16, True),
    ],
)
def test_the_way_hangs_on_the_shape_alone(inputs, clips, side, quick, monkeypatch):
    one, x = Conv2d(inputs, 32), drawn(clips, inputs, side, side, dtype=torch.float32)
    gone = []
    for way in (few, winograd):
        real = way.convolve
        monkeypatch.setattr(way, "convolve", lambda *a, r=real, **k: gone.append(1) or r(*a, **k))
    plain = torch.conv2d(x, one.weight, one.bias, padding=1)
    torch.testing.assert_close(one(x), plain, rtol=0, atol=1e-5)
    assert bool(gone) == quick


def test_inside_plainly_everything_is_torchs():
    one, x = Conv3d(32, 32), drawn(1, 32, 4, 12, 12, dtype=torch.float32)
    quick = one(x)
    with layer.plainly():
        plain = one(x)
    torch.testing.assert_close(quick, plain, rtol=0, atol=1e-5)
    assert not torch.equal(quick, plain)  # it was another way
    assert torch.equal(plain, torch.conv3d(x, one.weight, one.bias, padding=1))


def test_bfloat16_is_left_to_torch():
    one, x = Conv2d(32, 32), drawn(4, 32, 12, 12, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        assert one(x).dtype == torch.bfloat16


def test_pictures_may_lie_in_memory_as_they_like():
    one, x = Conv2d(32, 32), drawn(4, 32, 12, 12, dtype=torch.float32)
    assert torch.equal(one(x), one(x.contiguous()))
