"""Pixels as stored: 16 bit without loss, colour close to what it was, damage told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numcodecs import blosc

from capture import encode, testcard
from capture.encode import RESTART_BLOCKS
from taver.core.codec import (
    JPEG,
    RASTER,
    codec_of,
    decode,
    decode_sound,
    encode_raster,
    encode_sound,
)
from taver.core.errors import DataError
from taver.core.frames import PICTURES, Modality

RASTERS = [modality for modality in PICTURES if modality is not Modality.COLOR]


@pytest.fixture(scope="module")
def color():
    return testcard.draw(Modality.COLOR, 5, scale=0.2)


@given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=20)))
@settings(deadline=None)
def test_sixteen_bits_come_back_exactly(pixels):
    back = decode(Modality.DEPTH, encode_raster(pixels), *pixels.shape)
    assert back.dtype == np.uint16
    assert np.array_equal(back, pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(600, dtype=np.uint16).reshape(20, 30)[::-1, ::2],
        np.asfortranarray(np.arange(600, dtype=np.uint16).reshape(20, 30)),
        np.arange(600, dtype=">u2").reshape(20, 30),
    ],
    ids=["a part of another picture", "column after column", "big-endian"],
)
def test_pixels_may_lie_in_memory_in_any_order(pixels):
    assert np.array_equal(decode(Modality.DEPTH, encode_raster(pixels), *pixels.shape), pixels)


def test_colour_comes_back_close_and_in_its_own_order_of_channels(color):
    back = decode(Modality.COLOR, encode.color(color), *color.shape[:2])
    assert back.dtype == np.uint8
    assert back.shape == color.shape
    error = back.astype(int) - color
    assert np.sqrt((error**2).mean()) < 4
    assert abs(error.mean(axis=(0, 1))).max() < 1


def test_a_jpeg_can_be_entered_at_every_fifth_block_of_its_width(color):
    data = encode.color(color)
    at = data.index(b"\xff\xdd")  # "define restart interval"
    assert int.from_bytes(data[at + 4 : at + 6], "big") == RESTART_BLOCKS


def test_every_modality_has_a_codec_and_the_test_card_survives_it():
    for modality in PICTURES:
        drawn = testcard.draw(modality, 777, scale=0.1)
        if modality is Modality.COLOR:
            assert codec_of(modality) == JPEG
            data = encode.color(drawn)
        else:
            assert codec_of(modality) == RASTER
            data = encode_raster(drawn)
        assert testcard.number_in(modality, decode(modality, data, *drawn.shape[:2])) == 777


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_comes_back_exactly_and_damage_is_told(channels):
    samples = np.random.default_rng(2).integers(-(2**15), 2**15, (4_800, channels), np.int16)
    data = encode_sound(samples, 48_000)
    assert codec_of(Modality.SOUND) == "flac"
    assert np.array_equal(decode_sound(data), samples)
    with pytest.raises(DataError, match="FLAC"):
        decode_sound(b"not sound at all")


@pytest.mark.parametrize("modality", RASTERS)
@pytest.mark.parametrize(("height_px", "width_px"), [(20, 31), (30, 21), (0, 0), (1, 600)])
def test_a_frame_of_another_size_is_refused(modality, height_px, width_px):
    data = encode_raster(np.zeros((20, 30), np.uint16))
    if height_px * width_px == 600:
        assert decode(modality, data, height_px, width_px).shape == (height_px, width_px)
        return
    with pytest.raises(DataError, match="decodes to"):
        decode(modality, data, height_px, width_px)


def test_a_colour_frame_of_another_size_is_refused(color):
    with pytest.raises(DataError, match="decodes to"):
        decode(Modality.COLOR, encode.color(color), color.shape[1], color.shape[0])


@pytest.mark.parametrize("modality", [Modality.COLOR, Modality.DEPTH])
@pytest.mark.parametrize("data", [b"", b"\0", b"nonsense" * 100, b"\xff\xd8\xff" + bytes(64)])
def test_what_is_no_picture_is_refused(modality, data):
    with pytest.raises(DataError) as caught:
        decode(modality, data, 20, 30)
    assert "verify" in caught.value.fix


LARGE = (np.random.default_rng(4).integers(0, 90, (424, 512)) + np.arange(512)).astype(np.uint16)


@given(st.integers(-40, 460), st.integers(-40, 460), st.sampled_from([0, 2**16, 2**17]))
@settings(max_examples=40, deadline=None)
def test_the_rows_that_are_asked_for_are_as_in_the_whole(first, last, block_bytes):
    bitshuffled = blosc.compress(LARGE, b"lz4", 5, blosc.BITSHUFFLE, block_bytes)  # 0: as before
    for stored in (encode_raster(LARGE), bitshuffled):
        back = decode(Modality.DEPTH, stored, *LARGE.shape, rows=slice(first, last))
        inside = slice(max(first, 0), max(last, 0))
        assert back.shape == LARGE.shape
        assert np.array_equal(back[inside], LARGE[inside])
        assert np.isin(back[::20, 0], (0, *LARGE[::20, 0])).all()


def test_no_more_is_unpacked_than_is_asked_for():
    back = decode(Modality.DEPTH, encode_raster(LARGE), *LARGE.shape, rows=slice(200, 250))
    assert 0.1 < (back > 0).mean() < 0.4


def test_noise_that_cannot_be_packed_has_its_rows_too():
    noise = np.random.default_rng(5).integers(0, 2**16, LARGE.shape, np.uint16)
    back = decode(Modality.DEPTH, encode_raster(noise), *LARGE.shape, rows=slice(200, 250))
    assert np.array_equal(back[200:250], noise[200:250])


@pytest.mark.parametrize("pixels", [np.arange(600, dtype=np.uint16).reshape(20, 30), LARGE])
@pytest.mark.parametrize("rows", [None, slice(5, 15)])
@given(st.data())
@settings(max_examples=75, deadline=None)
def test_a_damaged_frame_is_refused_or_decodes_to_its_size(pixels, rows, data):
    stored = bytearray(encode_raster(pixels))
    early = st.integers(0, 64)  # where Blosc's head is
    place = data.draw(early | st.integers(0, len(stored) - 1))
    stored[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        back = decode(Modality.DEPTH, bytes(stored), *pixels.shape, rows=rows)
    except DataError:
        return
    assert back.shape == pixels.shape
