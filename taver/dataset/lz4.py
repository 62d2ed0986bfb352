"""Packs a plane of pictures as an LZ4 block that is unpacked quickly.

Unpacking costs by the step, not by the byte: a step is some bytes as they are, and a stretch that
is copied from further up. So only long stretches are copied, and only from where pictures repeat:
the row above, and the same place in pictures before. That is also far enough away to copy 32 bytes
at a time. https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.compiled import Compiler

if TYPE_CHECKING:
    import numpy.typing as npt

_compiler: Final = Compiler(extra="calibrate", to="pack depth and heat")

_LEAST_COPIED: Final = 16  # bytes; shorter ones make it smaller, and slower to unpack
_FARTHEST: Final = 65_535
# A block ends in 5 bytes as they are, and the last copy begins 12 before the end or earlier.
_TAIL: Final = 5
_LAST_COPY: Final = 12
_MOST_OF_IT: Final = 0.75  # what does not get this small is left as it is
_LEAST_REPEATED: Final = 0.5  # of its bytes; with less of them there are no long stretches


def packed(plane: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> bytes | None:
    """Pack the bytes of pictures of this shape; None where that gains little."""
    row, picture = int(shape[-1]), int(np.prod(shape[1:]))
    back = [step for step in (picture, row, 2 * picture, 3 * picture) if 0 < step <= _FARTHEST]
    if len(plane) < 4 * _LEAST_COPIED or not any(_repeats(plane, step) for step in back[:2]):
        return None
    out = np.empty(int(_MOST_OF_IT * len(plane)), np.uint8)
    size = int(_pack(plane, np.array(back, np.int64), out))
    return out[:size].tobytes() if size else None


def _repeats(plane: npt.NDArray[np.uint8], step: int) -> bool:
    """Tell whether enough bytes are those that many before; it takes no time, and packing does."""
    equal = np.count_nonzero(plane[step:] == plane[:-step])
    return bool(equal > _LEAST_REPEATED * len(plane))


@_compiler.compiled
def _pack(plane: Any, back: Any, out: Any) -> Any:
    """Pack into `out`; return how many bytes that took, 0 where they are too many."""
    size, at, done, written = len(plane), 0, 0, 0
    equal_to = np.zeros(len(back), np.int64)  # up to where each step back finds the same bytes
    while at < size - _LAST_COPY:
        length, step = 0, 0
        for k in range(len(back)):
            if at < back[k]:
                continue
            end = equal_to[k]
            if end <= at:
                end = at
                while end < size - _TAIL and plane[end] == plane[end - back[k]]:
                    end += 1
                equal_to[k] = end
            if end - at > length:
                length, step = end - at, back[k]
        if length < _LEAST_COPIED:
            at += 1
            continue
        # Lengths take a byte for each 255, besides one byte for both, and two for the step.
        if written + (at - done) + (at - done) // 255 + length // 255 + 5 > len(out):
            return 0
        written = _begun(plane, done, at, min(length - 4, 15), out, written)
        out[written], out[written + 1] = step & 255, step >> 8
        written = _length(length - 4, out, written + 2)
        at += length
        done = at
    rest = size - done
    if written + rest + rest // 255 + 2 > len(out):
        return 0
    return _begun(plane, done, size, 0, out, written)


@_compiler.inlined
def _begun(plane: Any, first: Any, behind: Any, copied: Any, out: Any, written: Any) -> Any:
    """Write a step's first byte and its bytes as they are; return where the next one goes."""
    count = behind - first
    out[written] = (min(count, 15) << 4) | copied
    written = _length(count, out, written + 1)
    for place in range(first, behind):
        out[written] = plane[place]
        written += 1
    return written


@_compiler.inlined
def _length(count: Any, out: Any, written: Any) -> Any:
    """Write what of a length goes beyond the 15 that fit into the first byte."""
    if count >= 15:
        rest = count - 15
        while rest >= 255:
            out[written] = 255
            written += 1
            rest -= 255
        out[written] = rest
        written += 1
    return written
