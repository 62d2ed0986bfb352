"""Cuts the part around a face out of a stored colour picture, so that no more has to be decoded.

A JPEG with restart markers can be decoded from any marker on, for nothing before it is needed. The
recorder sets one after 15 blocks, which makes tiles of 240 x 16 pixels; those that touch the part
are put together to a small JPEG of their own. Inside of 16 pixels from its edges it decodes to the
same bytes as the whole picture; at the edges colour is blended with what is not there.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

MARGIN_PX: Final = 16  # that far from an edge the colours are those of the whole picture
_SOF0, _DRI, _SOS, _EOI, _RST0 = 0xC0, 0xDD, 0xDA, b"\xff\xd9", 0xD0
_ALONE: Final = {0x01, *range(0xD0, 0xD9)}  # markers without a length


class Part(NamedTuple):
    """A small JPEG, and which pixel of the whole picture its first one is."""

    data: bytes
    left_px: int
    top_px: int


_Frame = tuple[int, int, int, int, int]  # the first five of a head


class _Head(NamedTuple):
    """What the segments before the pixels tell."""

    size_at: int  # where height and width stand
    height_px: int
    width_px: int
    block_width_px: int
    block_height_px: int
    interval: int  # blocks between two markers
    ends_at: int  # where the pixels begin


def cut(data: bytes | memoryview, box: tuple[float, float, float, float]) -> Part | None:
    """Return the part of a JPEG that holds (left, top, right, bottom), or None if it has no tiles.

    None also for a file that is not whole: whoever decodes it as a whole finds out what it lacks.
    """
    picture = bytes(data)
    head = _head(picture)
    if head is None:
        return None
    tile_px = head.interval * head.block_width_px
    across = -(-head.width_px // head.block_width_px) // head.interval
    down = -(-head.height_px // head.block_height_px)
    begins = _begins(picture, head.ends_at)
    if len(begins) != across * down + 1:
        return None
    left, right = _span(box[0], box[2], tile_px, across)
    top, bottom = _span(box[1], box[3], head.block_height_px, down)
    rows = np.arange(top, bottom)[:, None] * across + np.arange(left, right)
    size = (
        min(bottom * head.block_height_px, head.height_px) - top * head.block_height_px,
        min(right * tile_px, head.width_px) - left * tile_px,
    )
    start = picture[: head.size_at] + struct.pack(">HH", *size)
    pieces = [start + picture[head.size_at + 4 : head.ends_at]]
    for number, tile in enumerate(rows.reshape(-1).tolist()):
        if number:
            pieces.append(bytes((0xFF, _RST0 + (number - 1) % 8)))
        pieces.append(picture[begins[tile] : begins[tile + 1] - 2])
    pieces.append(_EOI)
    return Part(b"".join(pieces), left * tile_px, top * head.block_height_px)


def _span(low: float, high: float, step: int, count: int) -> tuple[int, int]:
    """Return which of `count` steps hold low to high: one at least."""
    first = min(max(int(low // step), 0), count - 1)
    return first, min(max(-int(-high // step), first + 1), count)


def _begins(picture: bytes, start: int) -> list[int]:
    """Return where each tile begins, and last where the one after the last would."""
    pixels = np.frombuffer(picture, np.uint8)
    marks: npt.NDArray[np.intp] = np.flatnonzero(pixels[start:-1] == 0xFF) + start
    kinds = pixels[marks + 1]
    restarts = marks[(kinds & 0xF8) == _RST0]
    ends = marks[kinds == _EOI[1]]
    last = int(ends[0]) if len(ends) else len(picture)
    return [start, *(restarts + 2).tolist(), last + 2]


def _head(picture: bytes) -> _Head | None:
    """Return what the segments tell, or None for a JPEG that cannot be cut."""
    if picture[:2] != b"\xff\xd8":
        return None
    at, interval = 2, 0
    frame: _Frame | None = None
    while at + 4 <= len(picture):
        mark, kind = picture[at], picture[at + 1]
        if mark != 0xFF:
            return None
        if kind in _ALONE:
            at += 2
            continue
        (size,) = struct.unpack_from(">H", picture, at + 2)
        if kind == _SOF0 and size >= 11:
            high, wide, components = struct.unpack_from(">HHB", picture, at + 5)
            sampling = [picture[at + 11 + 3 * n] for n in range(components)]
            across, down = max(s >> 4 for s in sampling), max(s & 15 for s in sampling)
            frame = (at + 5, high, wide, 8 * across, 8 * down)
        elif kind == _DRI:
            (interval,) = struct.unpack_from(">H", picture, at + 4)
        elif kind == _SOS:
            return _cuttable(frame, interval, at + 2 + size)
        at += 2 + size
    return None


def _cuttable(frame: _Frame | None, interval: int, ends_at: int) -> _Head | None:
    if frame is None or not interval:
        return None
    head = _Head(*frame, interval, ends_at)
    blocks = -(-head.width_px // head.block_width_px)
    # Tiles have to be a grid: a row of blocks is a whole number of them.
    return head if blocks % interval == 0 else None
