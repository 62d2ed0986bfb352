"""Cuts the part around a face out of a stored colour picture, so that no more has to be decoded.

A JPEG with restart markers can be decoded from any marker on, for nothing before it is needed. The
recorder sets one after 5 blocks, which makes tiles of 80 x 16 pixels; those that touch the part are
put together to a small JPEG of their own. But for the pixels at its edges, where colour is blended
with what is not there, it decodes to the same bytes as the whole picture.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.faces.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

MARGIN_PX: Final = 2  # that far from an edge the colours are those of the whole picture
_SOF0, _DRI, _SOS, _RST0, _EOI = 0xC0, 0xDD, 0xDA, 0xD0, 0xD9
_END: Final = bytes((0xFF, _EOI))
_AT_ONCE: Final = 64  # bytes
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
    if across * down > len(picture):
        return None  # each has a marker at least
    left, right = _span(box[0], box[2], tile_px, across)
    top, bottom = _span(box[1], box[3], head.block_height_px, down)
    # What stands before the height, the new one and width, and what stands behind it.
    start = picture[: head.size_at] + struct.pack(
        ">HH",
        min(bottom * head.block_height_px, head.height_px) - top * head.block_height_px,
        min(right * tile_px, head.width_px) - left * tile_px,
    )
    start += picture[head.size_at + 4 : head.ends_at]
    begins = np.empty(across * bottom + 1, np.int64)
    pixels = np.frombuffer(picture, np.uint8)
    if not (_find(pixels, head.ends_at, begins) and picture.endswith(_END)):
        return None
    part = np.empty(begins[-1] - begins[top * across], np.uint8)
    size = _join(pixels, begins, across, (top, bottom), (left, right), part)
    return Part(start + part[:size].tobytes(), left * tile_px, top * head.block_height_px)


def _span(low: float, high: float, step: int, count: int) -> tuple[int, int]:
    """Return which of `count` steps hold low to high: one at least."""
    first = min(max(int(low // step), 0), count - 1)
    return first, min(max(-int(-high // step), first + 1), count)


@compiled
def _find(pixels: npt.NDArray[np.uint8], start: int, begins: npt.NDArray[np.int64]) -> bool:
    """Write where tiles begin, and the one after them would; tell whether there are so many.

    A marker is 255 and one of a few kinds. So many bytes at once are asked whether one of them
    begins some, in a loop that the compiler makes wide; three times of four none does.
    """
    begins[0] = start
    count, last = 1, len(pixels) - 1
    for first in range(start, last, _AT_ONCE):
        end = min(first + _AT_ONCE, last)
        here, behind = pixels[first:end], pixels[first + 1 : end + 1]
        found = np.uint8(0)
        for i in range(len(here)):
            found |= np.uint8((here[i] == 0xFF) & (behind[i] >= _RST0) & (behind[i] <= _EOI))
        if not found:
            continue
        for i in range(len(here)):
            if here[i] == 0xFF and (behind[i] & 0xF8 == _RST0 or behind[i] == _EOI):
                begins[count] = first + i + 2
                count += 1
                if count == len(begins):
                    return True
                if behind[i] == _EOI:
                    return False
    return False


@compiled
def _join(
    pixels: npt.NDArray[np.uint8],
    begins: npt.NDArray[np.int64],
    across: int,
    rows: tuple[int, int],
    columns: tuple[int, int],
    part: npt.NDArray[np.uint8],
) -> int:
    """Write the tiles of these rows and columns, one after the other; return how many bytes.

    Each ends in a marker, and markers are counted: from 0 on, up to 7, and again.
    """
    size, number = 0, 0
    for row in range(rows[0], rows[1]):
        for tile in range(row * across + columns[0], row * across + columns[1]):
            for at in range(begins[tile], begins[tile + 1]):
                part[size] = pixels[at]
                size += 1
            part[size - 1] = _RST0 + number % 8
            number += 1
    part[size - 1] = _EOI
    return size


_known: dict[str, tuple[bytes, _Head]] = {}  # the last head: a stream's frames have the same


def _head(picture: bytes) -> _Head | None:
    """Return what the segments tell, or None for a JPEG that cannot be cut."""
    known = _known.get("last")
    if known is not None and picture.startswith(known[0]):
        return known[1]
    head = _told(picture)
    if head is not None:
        _known["last"] = (picture[: head.ends_at], head)
    return head


def _told(picture: bytes) -> _Head | None:
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
        segment = picture[at + 4 : at + 2 + size]
        if len(segment) != size - 2:
            return None  # it was cut off
        if kind == _SOF0:
            frame = _frame(segment, at + 5)
        elif kind == _DRI and len(segment) == 2:
            (interval,) = struct.unpack(">H", segment)
        elif kind == _SOS:
            return _cuttable(frame, interval, at + 2 + size)
        at += 2 + size
    return None


def _frame(segment: bytes, size_at: int) -> _Frame | None:
    """Return the size of a picture and of its blocks, or None if no picture is like that."""
    if len(segment) < 9 or len(segment) != 6 + 3 * segment[5]:
        return None
    high, wide = struct.unpack_from(">HH", segment, 1)
    across = 8 * max(sampling >> 4 for sampling in segment[7::3])
    down = 8 * max(sampling & 15 for sampling in segment[7::3])
    return (size_at, high, wide, across, down) if high and wide and across and down else None


def _cuttable(frame: _Frame | None, interval: int, ends_at: int) -> _Head | None:
    if frame is None or not interval:
        return None
    head = _Head(*frame, interval, ends_at)
    blocks = -(-head.width_px // head.block_width_px)
    # Tiles have to be a grid: a row of blocks is a whole number of them.
    return head if blocks % interval == 0 else None
