"""Chunks packed by planes are what any Blosc reads, and leave noise as it is."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numcodecs import blosc
from numcodecs import lz4 as any_lz4

from taver.dataset import create, lz4, planes, schema

SIZE = 24
SHAPE = (16, SIZE, SIZE)


def faces(seed=0, shape=SHAPE, *, noise=256):
    """Return pictures as depth and heat are: high bytes in large patches, low bytes noise."""
    chance = np.random.default_rng(seed)
    high = np.zeros(shape, np.uint16)
    for _ in range(5):
        top, left = chance.integers(0, shape[1], 2)
        high[:, top:, left:] = chance.integers(0, 5) << 8
    high[chance.random(shape) < 0.01] = 0
    return high + chance.integers(0, noise, shape).astype(np.uint16)


def unpacked(plane, shape):
    """Pack bytes, and unpack them with somebody else's LZ4."""
    data = lz4.packed(plane, shape)
    if data is None:
        return None
    return np.frombuffer(any_lz4.decompress(struct.pack("<I", len(plane)) + data), np.uint8)


@settings(max_examples=150, deadline=None)
@given(
    runs=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 700)), min_size=1, max_size=30),
    sides=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    scattered=st.floats(0, 0.2),
    seed=st.integers(0, 99),
)
def test_another_lz4_unpacks_what_was_packed(runs, sides, scattered, seed):
    plane = np.concatenate([np.full(length, value, np.uint8) for value, length in runs])
    chance = np.random.default_rng(seed)
    plane[chance.random(len(plane)) < scattered] = 9
    found = unpacked(plane, (16, *sides))
    assert found is None or np.array_equal(found, plane)


@pytest.mark.parametrize("length", [15, 18, 19, 20, 269, 270, 273, 274, 275, 529, 530, 784])
def test_lengths_around_those_that_take_one_byte_more_come_back(length):
    noise = np.random.default_rng(1).integers(1, 255, length).astype(np.uint8)
    plane = np.concatenate([noise, np.zeros(8 * length + 600, np.uint8), noise, np.zeros(64)])
    plane = plane.astype(np.uint8)
    assert np.array_equal(unpacked(plane, (16, 4, 8)), plane)


def test_what_would_hardly_get_smaller_is_not_packed():
    noise = np.random.default_rng(0).integers(0, 256, 16 * SIZE * SIZE).astype(np.uint8)
    assert lz4.packed(noise, SHAPE) is None
    half = noise.copy()
    half[: len(half) // 5] = 0
    assert lz4.packed(half, SHAPE) is None
    assert lz4.packed(noise[:20], (1, 4, 5)) is None


def test_a_chunk_holds_its_noise_as_it_is_and_the_rest_packed():
    pictures = faces()
    data = planes.pack(pictures, 2, SHAPE)
    low = np.ascontiguousarray(pictures.reshape(-1).view(np.uint8)[::2]).tobytes()
    assert low in data
    assert len(data) < 0.62 * pictures.nbytes
    assert np.array_equal(np.frombuffer(blosc.decompress(data), "<u2").reshape(SHAPE), pictures)
    smooth = planes.pack(faces(noise=1), 2, SHAPE)
    assert len(smooth) < 0.2 * pictures.nbytes


def test_what_gains_nothing_is_left_to_blosc():
    noise = np.random.default_rng(0).integers(0, 65536, SHAPE).astype(np.uint16)
    assert planes.pack(noise, 2, SHAPE) is None
    assert planes.pack(faces(shape=(1, 4, 4)), 2, (1, 4, 4)) is None


@pytest.fixture
def group(tmp_path):
    made = zarr.create_group(tmp_path / "Zoë №1.zarr", zarr_format=3)
    for name in ("depth", "thermal", "color", "time_ns"):
        create.array(made, name, slots=300, size_px=SIZE, raters=0)
    return made


def test_everybody_reads_what_was_written_by_planes(group):
    import tensorstore

    pictures = faces(3, (300, SIZE, SIZE))
    pictures[32:48] = 0  # a chunk that is not stored
    pictures[64:80] = np.random.default_rng(0).integers(0, 65536, SHAPE)  # as Blosc packs it
    planes.writer(group["depth"])[...] = pictures
    folder = group.store_path.store.root / "depth"
    theirs = tensorstore.open(
        {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder}/"}}
    ).result()
    assert np.array_equal(theirs.read().result(), pictures)
    assert np.array_equal(zarr.open_array(folder, mode="r")[...], pictures)
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}):
        assert np.array_equal(zarr.open_array(folder, mode="r")[...], pictures)


def test_a_writer_changes_nothing_that_is_said_of_the_array(group):
    told = (group.store_path.store.root / "depth" / "zarr.json").read_bytes()
    array = planes.writer(group["depth"])
    array[:20] = faces(0, (20, SIZE, SIZE))
    assert array.metadata.to_dict() == group["depth"].metadata.to_dict()
    assert (group.store_path.store.root / "depth" / "zarr.json").read_bytes() == told
    group["depth"][20:40] = faces(1, (20, SIZE, SIZE))  # by somebody else's program
    assert np.array_equal(group["depth"][:20], faces(0, (20, SIZE, SIZE)))
    assert np.array_equal(group["depth"][20:40], faces(1, (20, SIZE, SIZE)))


def test_only_pictures_of_more_than_a_byte_are_written_by_planes(group):
    for name in ("color", "time_ns"):
        array = group[name]
        assert planes.writer(array) is array
    assert {name for name, column in schema.PICTURES.items() if column.dtype == "uint16"} == {
        "depth", "thermal",
    }  # fmt: skip
