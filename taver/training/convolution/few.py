"""A 3x3 or 3x3x3 convolution of pictures with few channels, as a product of two matrices.

Libraries for convolutions want channels by the eight or sixteen. A picture has one or three: here
what lies around each pixel becomes a row of a matrix, with a one behind it for the bias, some rows
of pixels at a time so that it stays in the processor's cache. Pictures do not learn: gradients go
to weights and bias alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

_BLOCK: Final = 1 << 18  # numbers of the matrix: 1 MiB


def convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the convolution, padded by one, with its channels side by side in memory."""
    outputs, channels = weight.shape[0], x.shape[1]
    volume = weight if weight.dim() == 5 else weight.unsqueeze(2)
    by_tap = volume.permute(2, 3, 4, 1, 0).reshape(-1, outputs)
    matrix = torch.cat([by_tap, bias.unsqueeze(0)])
    flat = x.dim() == 4
    frames = x.permute(0, 2, 3, 1).unsqueeze(1) if flat else x.permute(0, 2, 3, 4, 1)
    around = torch.nn.functional.pad(frames, (0, 0, 1, 1, 1, 1, *((0, 0) if flat else (1, 1))))
    apply: Callable[..., Tensor] = _Product.apply
    found = apply(around.contiguous(), matrix, len(by_tap) // (9 * channels))
    return found.squeeze(1).permute(0, 3, 1, 2) if flat else found.permute(0, 4, 1, 2, 3)


class _Product(torch.autograd.Function):
    """Multiplies what lies around each pixel by the weights."""

    @staticmethod
    def forward(ctx: Any, around: Tensor, matrix: Tensor, depth: int) -> Tensor:
        ctx.save_for_backward(around)
        ctx.depth = depth
        clips, frames, height, width, _ = around.shape
        shape = (clips, frames - depth + 1, height - 2, width - 2, matrix.shape[1])
        found = around.new_empty(shape)
        rows = found.view(-1, matrix.shape[1])
        for first, these in _matrices(around, depth):
            torch.mm(these, matrix, out=rows[first : first + len(these)])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[None, Tensor, None]:
        (around,) = ctx.saved_tensors
        outputs = above.shape[-1]
        rows = above.contiguous().view(-1, outputs)
        learnt = rows.new_zeros(9 * ctx.depth * around.shape[-1] + 1, outputs)
        for first, these in _matrices(around, ctx.depth):
            learnt.addmm_(these.t(), rows[first : first + len(these)])
        return None, learnt, None


def _matrices(around: Tensor, depth: int) -> Iterator[tuple[int, Tensor]]:
    """Yield what lies around some pixels, a row each, and the number of the first; reused."""
    clips, frames, height, width, channels = around.shape
    frames, height, width = frames - depth + 1, height - 2, width - 2
    columns = 9 * depth * channels
    of_clip, of_frame, of_row, of_pixel, _ = around.stride()
    each = max(n for n in range(1, height + 1) if n == 1 or n * width * columns <= _BLOCK)
    room = around.new_ones(each * width, columns + 1)
    for frame in range(clips * frames):
        clip, at = divmod(frame, frames)
        for top in range(0, height, each):
            some = min(each, height - top)
            seen = around.as_strided(
                (some, width, depth, 3, 3 * channels),
                (of_row, of_pixel, of_frame, of_row, 1),
                around.storage_offset() + clip * of_clip + at * of_frame + top * of_row,
            )
            these = room[: some * width]
            these[:, :-1].view(some, width, depth, 3, -1).copy_(seen)
            yield (frame * height + top) * width, these
