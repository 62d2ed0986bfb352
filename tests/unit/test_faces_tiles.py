"""Parts of a JPEG, decoded alone, are what the whole shows there."""

import struct

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from capture import encode
from taver.core.errors import DataError
from taver.faces import tiles
from taver.faces.view import Plain, Stored

WIDE, HIGH = 480, 200  # two tiles across; the last row of blocks is cut off


def picture(seed=1):
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 256, (25, 60, 3), np.uint8)
    return cv2.resize(rough, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)


STORED = encode.color(picture())
FRAME = STORED.index(b"\xff\xc0")  # where size and components stand
HEAD = STORED.index(b"\xff\xda")  # where the pixels begin, nearly
WHOLE = simplejpeg.decode_jpeg(STORED, colorspace="RGB")


@settings(max_examples=40, deadline=None)
@given(st.integers(-30, WIDE), st.integers(-30, HIGH), st.integers(1, WIDE), st.integers(1, HIGH))
def test_a_part_shows_what_the_whole_shows(left, top, wide, high):
    part = tiles.cut(STORED, (left, top, left + wide, top + high))
    grey = simplejpeg.decode_jpeg(part.data, colorspace="GRAY")[..., 0]
    whole = simplejpeg.decode_jpeg(STORED, colorspace="GRAY")[..., 0]
    y, x = part.top_px, part.left_px
    assert np.array_equal(grey, whole[y : y + grey.shape[0], x : x + grey.shape[1]])
    assert x <= max(left, 0)
    assert y <= max(top, 0)
    assert x + grey.shape[1] >= min(left + wide, WIDE)
    assert y + grey.shape[0] >= min(top + high, HIGH)


def test_colours_are_the_same_but_at_the_edges_of_the_tiles():
    view = Stored(STORED, WIDE, HIGH)
    box = (270.0, 70.0, 400.0, 130.0)
    part = view.color(box)
    assert part.pixels.shape[1] < WIDE
    left, top, right, bottom = map(int, box)
    mine = part.pixels[top - part.top_px : bottom - part.top_px]
    mine = mine[:, left - part.left_px : right - part.left_px]
    assert np.array_equal(mine, WHOLE[top:bottom, left:right])


def test_only_a_little_is_decoded():
    part = tiles.cut(STORED, (10, 40, 100, 60))
    assert len(part.data) < len(STORED) / 3


@pytest.mark.parametrize(
    "data",
    [
        simplejpeg.encode_jpeg(picture()),  # without markers
        cv2.imencode(".png", picture())[1].tobytes(),
        b"",
        b"\xff\xd8",
        STORED[: len(STORED) // 2],
    ],
    ids=["no markers", "a PNG", "nothing", "a start", "half"],
)
def test_what_cannot_be_cut_is_not_cut(data):
    assert tiles.cut(data, (0, 0, 50, 50)) is None


def test_a_picture_without_markers_is_read_as_a_whole():
    view = Stored(simplejpeg.encode_jpeg(picture()), WIDE, HIGH)
    assert view.grey((10, 10, 40, 40)).pixels.shape == (HIGH, WIDE)


@pytest.mark.parametrize("box", [None, (20, 20, 60, 60)], ids=["whole", "a part"])
@pytest.mark.parametrize("damaged", [b"", b"no JPEG at all", STORED[:2000]])
def test_a_damaged_frame_is_told(damaged, box):
    with pytest.raises(DataError, match="no readable JPEG"):
        Stored(damaged, WIDE, HIGH).grey(box)


def test_a_frame_is_told_wherever_it_was_cut_off():
    for kept in range(HEAD + 20):
        with pytest.raises(DataError, match="no readable JPEG"):
            Stored(STORED[:kept], WIDE, HIGH).grey((20, 20, 60, 60))


@settings(max_examples=200, deadline=None)
@given(st.integers(2, HEAD), st.integers(0, 255))
def test_a_byte_of_the_head_may_be_anything(place, value):
    changed = bytearray(STORED)
    changed[place] = value
    try:
        part = Stored(bytes(changed), WIDE, HIGH).grey((20, 20, 60, 60))
    except DataError:
        return  # as long as it is nothing else
    assert part.pixels.shape[0] >= 40
    assert part.pixels.shape[1] >= 40


@pytest.mark.parametrize("sampling", [0x00, 0x01, 0x10])
def test_a_head_whose_blocks_have_no_size_is_told(sampling):
    changed = bytearray(STORED)
    for component in range(3):
        changed[FRAME + 11 + 3 * component] = sampling
    assert tiles.cut(bytes(changed), (20, 20, 60, 60)) is None


@pytest.mark.parametrize(("high", "wide"), [(0, WIDE), (HIGH, 0), (65535, 65520)])
def test_a_head_of_another_size_is_not_believed(high, wide):
    changed = bytearray(STORED)
    changed[FRAME + 5 : FRAME + 9] = struct.pack(">HH", high, wide)
    assert tiles.cut(bytes(changed), (20, 20, 60, 60)) is None


def test_a_frame_of_another_size_is_told():
    with pytest.raises(DataError, match="480 x 200 px, not 640 x 480"):
        Stored(STORED, 640, 480).grey((0, 0, 10, 10))


def test_a_part_is_decoded_once():
    view = Stored(STORED, WIDE, HIGH)
    first = view.grey((20, 20, 60, 60))
    assert view.grey((25, 25, 50, 50)) is first
    assert view.grey((300, 20, 400, 60)) is not first


def test_the_small_picture_is_an_eighth():
    assert Stored(STORED, WIDE, HIGH).small().shape == (HIGH // 8, WIDE // 8)
    assert Plain(picture()).small().shape == (HIGH // 8, WIDE // 8)
