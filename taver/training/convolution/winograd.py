"""A 3x3 or 3x3x3 convolution in 2.25 times fewer multiplications: six rows from eight products.

Winograd's F(6, 3) (as Lavin and Gray, 2016, use it) along the height alone: A [(G w) . (B x)],
eight products where six rows of outputs take eighteen. Taps along width and time are added up as
they stand. So whole rows are transformed, products are those of matrices, and float32 loses seven
times what a plain convolution does; transforming a second dimension would square that.

Frames are cut into blocks that stay in the processor's cache. In a block every row of pixels is
followed by one of zeros, which also is what stands before the next row: for another tap the matrix
begins a pixel earlier or later. Frames before and after a clip are zeros in the same way.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

ROWS: Final = 6  # of outputs in a tile
_POINTS: Final = 8  # 0, 1, -1, 2, -2, 1/2, -1/2 and infinity
_BLOCK: Final = 1 << 19  # numbers of a block's input or output: 2 MiB, a share of a cache
_A: Final = (
    (1, 1, 1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 1 / 2, -1 / 2, 0),
    (0, 1, 1, 4, 4, 1 / 4, 1 / 4, 0),
    (0, 1, -1, 8, -8, 1 / 8, -1 / 8, 0),
    (0, 1, 1, 16, 16, 1 / 16, 1 / 16, 0),
    (0, 1, -1, 32, -32, 1 / 32, -1 / 32, 1),
)
_B: Final = (
    (1, 0, -21 / 4, 0, 21 / 4, 0, -1, 0),
    (0, 1, 1, -17 / 4, -17 / 4, 1, 1, 0),
    (0, -1, 1, 17 / 4, -17 / 4, -1, 1, 0),
    (0, 1 / 2, 1 / 4, -5 / 2, -5 / 4, 2, 1, 0),
    (0, -1 / 2, 1 / 4, 5 / 2, -5 / 4, -2, 1, 0),
    (0, 2, 4, -5 / 2, -5, 1 / 2, 1, 0),
    (0, -2, 4, 5 / 2, -5, -1 / 2, 1, 0),
    (0, -1, 0, 21 / 4, 0, -21 / 4, 0, 1),
)
_G: Final = (
    (1, 0, 0),
    (-2 / 9, -2 / 9, -2 / 9),
    (-2 / 9, 2 / 9, -2 / 9),
    (1 / 90, 1 / 45, 2 / 45),
    (1 / 90, -1 / 45, 2 / 45),
    (32 / 45, 16 / 45, 8 / 45),
    (32 / 45, -16 / 45, 8 / 45),
    (0, 0, 1),
)


def convolve(x: Tensor, points: Tensor, bias: Tensor | None) -> Tensor:
    """Return the convolution with transformed weights, padded by one, channels side by side."""
    apply: Callable[..., Tensor] = _Convolution.apply
    return apply(x, points, bias)


def transformed(weight: Tensor) -> Tensor:
    """Return weights (outputs, inputs, [3,] 3, 3) as (points, taps, inputs, outputs)."""
    outputs, inputs, *_ = weight.shape
    by_row = weight.movedim(-2, 0).flatten(3).permute(0, 3, 2, 1)  # rows, taps, inputs, outputs
    points = _matrix("G", weight.dtype) @ by_row.reshape(3, -1)
    return points.view(_POINTS, -1, inputs, outputs)


class _Convolution(torch.autograd.Function):
    """Convolves block after block, and back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        rows = _rows(x)
        ctx.save_for_backward(rows, weights)
        ctx.flat = x.dim() == 4
        taps, inputs, outputs = weights.shape[1:]
        found = rows.new_empty(*rows.shape[:-1], outputs)
        for block in _blocks(rows, max(inputs, outputs), taps):
            seen = block.seen(rows, inputs)
            products = block.products(seen, weights)
            block.put(_matrix("A", rows.dtype) @ products.flatten(1), bias, found)
        return _pictures(found, flat=ctx.flat)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        rows, weights = ctx.saved_tensors
        taps, inputs, outputs = weights.shape[1:]
        learnt = _rows(above)
        of_weights = weights.new_zeros(taps, _POINTS, inputs, outputs)
        of_rows = torch.empty_like(rows) if ctx.needs_input_grad[0] else None
        for block in _blocks(rows, max(inputs, outputs), taps):
            wanted = block.wanted(learnt, outputs)
            block.add_learnt(block.seen(rows, inputs), wanted, of_weights)
            if of_rows is not None:
                products = block.products_back(wanted, weights)
                block.put_back(_matrix("Bt", rows.dtype) @ products.flatten(1), of_rows)
        return (
            None if of_rows is None else _pictures(of_rows, flat=ctx.flat),
            of_weights.transpose(0, 1),
            above.sum([d for d in range(above.dim()) if d != 1])
            if ctx.needs_input_grad[2]
            else None,
        )


class _Block(NamedTuple):
    """Frames of a clip, and how many of their tiles from which on."""

    clip: int
    frames: slice
    tiles: slice
    shape: tuple[int, int, int]  # frames, tiles, and pixels of a row with the zero behind it
    around: int  # zeros before and behind: a pixel, and where time matters a frame

    @property
    def slots(self) -> int:
        """Return how many pixels there are, zeros behind rows counted in."""
        frames, tiles, width = self.shape
        return frames * tiles * width

    def starts(self, taps: int) -> list[int]:
        """Return with which slot the pixels of each tap begin."""
        _, tiles, width = self.shape
        return [frame * tiles * width + pixel for frame in range(taps // 3) for pixel in range(3)]

    def seen(self, rows: Tensor, channels: int) -> Tensor:
        """Return what is seen in eight points, (points, slots, channels)."""
        tiled, (frames, tiles, width) = self._tiled(rows), self.shape
        eight = rows.new_empty(_POINTS, frames, tiles, width, channels)
        eight[:, :, :, -1] = 0
        top, end = self.tiles.start, self.tiles.stop
        eight[1:-1, :, :, :-1] = tiled[:, top:end].permute(2, 0, 1, 3, 4)
        above = max(top - 1, 0)  # the topmost tile has nothing above, the last nothing below
        eight[0, :, : above - top + 1] = 0
        eight[0, :, above - top + 1 :, :-1] = tiled[:, above : end - 1, -1]
        below = min(end + 1, tiled.shape[1])
        eight[-1, :, below - top - 1 :] = 0
        eight[-1, :, : below - top - 1, :-1] = tiled[:, top + 1 : below, 0]
        return self._transformed("B", eight)

    def wanted(self, learnt: Tensor, channels: int) -> Tensor:
        """Return what each of the eight products should change by, likewise."""
        tiled, (frames, tiles, width) = self._tiled(learnt), self.shape
        six = learnt.new_empty(ROWS, frames, tiles, width, channels)
        six[:, :, :, -1] = 0
        six[:, :, :, :-1] = tiled[:, self.tiles].permute(2, 0, 1, 3, 4)
        return self._transformed("At", six)

    def products(self, seen: Tensor, weights: Tensor) -> Tensor:
        """Return the sum over taps of what is seen times weights."""
        made = seen.new_empty(_POINTS, self.slots, weights.shape[-1])
        for tap, start in enumerate(self.starts(weights.shape[1])):
            these = seen[:, start : start + self.slots]
            _add_product(made, these, weights[:, tap], first=not tap)
        return made

    def products_back(self, wanted: Tensor, weights: Tensor) -> Tensor:
        """Return what is wanted, brought back through the weights of every tap."""
        made = wanted.new_empty(_POINTS, self.slots, weights.shape[-2])
        for tap, start in enumerate(self.starts(weights.shape[1])):
            back = 2 * self.around - start
            these = wanted[:, back : back + self.slots]
            _add_product(made, these, weights[:, tap].transpose(1, 2), first=not tap)
        return made

    def add_learnt(self, seen: Tensor, wanted: Tensor, found: Tensor) -> None:
        """Add to what the weights (taps, points, inputs, outputs) should change by."""
        inner = wanted[:, self.around : self.around + self.slots]
        for tap, start in enumerate(self.starts(len(found))):
            these = seen[:, start : start + self.slots]
            found[tap].baddbmm_(these.transpose(1, 2), inner)

    def put(self, six: Tensor, bias: Tensor | None, found: Tensor) -> None:
        """Write rows of outputs to where they belong."""
        made = six.view(ROWS, *self.shape, -1)[:, :, :, :-1].permute(1, 2, 0, 3, 4)
        here = self._tiled(found)[:, self.tiles]
        if bias is None:
            here.copy_(made)
        else:
            torch.add(made, bias, out=here)

    def put_back(self, eight: Tensor, found: Tensor) -> None:
        """Write rows of inputs; those beyond the tiles are left for the block below to add."""
        made = eight.view(_POINTS, *self.shape, -1)[:, :, :, :-1]
        tiled, top, end = self._tiled(found), self.tiles.start, self.tiles.stop
        left = tiled[:, top, 0].clone() if top else None
        tiled[:, top:end] = made[1:-1].permute(1, 2, 0, 3, 4)
        tiled[:, top : end - 1, -1] += made[0, :, 1:]
        tiled[:, top + 1 : end, 0] += made[-1, :, :-1]
        if left is not None:
            tiled[:, top, 0] += left
            tiled[:, top - 1, -1] += made[0, :, 0]
        if end < tiled.shape[1]:
            tiled[:, end, 0] = made[-1, :, -1]

    def _tiled(self, rows: Tensor) -> Tensor:
        """Return the frames as (frames, tiles, rows of a tile, width, channels)."""
        frames = rows[self.clip, self.frames]
        count, height, width, channels = frames.shape
        return frames.view(count, height // ROWS, ROWS, width, channels)

    def _transformed(self, matrix: str, gathered: Tensor) -> Tensor:
        channels = gathered.shape[-1]
        made = gathered.new_empty(_POINTS, self.slots + 2 * self.around, channels)
        made[:, : self.around] = 0
        made[:, -self.around :] = 0
        inner = made[:, self.around : self.around + self.slots].flatten(1)
        torch.mm(_matrix(matrix, gathered.dtype), gathered.flatten(1), out=inner)
        return made


def _add_product(made: Tensor, these: Tensor, weights: Tensor, *, first: bool) -> None:
    if first:
        torch.bmm(these, weights, out=made)
    else:
        made.baddbmm_(these, weights)


def _blocks(rows: Tensor, widest: int, taps: int) -> Iterator[_Block]:
    """Yield what is computed at a time: some frames, or some tiles of all frames of a clip."""
    clips, frames, height, width, _ = rows.shape
    tiles = height // ROWS
    row = _POINTS * (width + 1) * widest
    timed = taps > 3
    at_once, each = tiles, frames
    if timed:
        parts = (n for n in range(1, tiles) if tiles % n == 0 and n * frames * row <= _BLOCK)
        at_once = max(parts, default=1)
    else:
        each = max(1, _BLOCK // (tiles * row))
    for clip in range(clips):
        for first in range(0, frames, each):
            some = slice(first, min(first + each, frames))
            for top in range(0, tiles, at_once):
                shape = (some.stop - first, at_once, width + 1)
                around = 1 + timed * at_once * (width + 1)
                yield _Block(clip, some, slice(top, top + at_once), shape, around)


def _rows(pictures: Tensor) -> Tensor:
    """Return pictures as (clips, frames, height, width, channels): without time as one clip."""
    if pictures.dim() == 4:
        return pictures.permute(0, 2, 3, 1).contiguous().unsqueeze(0)
    return pictures.permute(0, 2, 3, 4, 1).contiguous()


def _pictures(rows: Tensor, *, flat: bool) -> Tensor:
    return rows.squeeze(0).permute(0, 3, 1, 2) if flat else rows.permute(0, 4, 1, 2, 3)


@cache
def _matrix(name: str, dtype: torch.dtype) -> Tensor:
    """Return one of the three, or with a t behind its name what it is transposed."""
    with torch.inference_mode(mode=False):  # it is kept, and used where gradients are wanted
        numbers = torch.tensor({"A": _A, "B": _B, "G": _G}[name[0]], dtype=dtype, device="cpu")
        return numbers.t().contiguous() if name.endswith("t") else numbers
