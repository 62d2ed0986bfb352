"""A dataset is read by its names; our own reader gives what zarr gives, or says why not."""

from __future__ import annotations

import concurrent.futures
import json

import datasets
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec, ZstdCodec

import taver.dataset
from taver.core.errors import DataError, InputError, NotFoundError
from taver.dataset import fast, schema
from taver.dataset.shard import crc32c

SLOTS, SIZE = 70, 24


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "Zoë's data №1.zarr"
    return datasets.make_dataset(folder, people=3, seconds=SLOTS / 10, size_px=SIZE, lost=(3, 4))


@pytest.fixture(scope="module")
def data(store):
    return taver.dataset.open(store)


def packed(folder, compressors, *, order="end", shards=(32, SIZE, SIZE), fill=0, dtype="uint16"):
    """Write an array in one way of packing, with one shard that was never written."""
    values = datasets.pictures_of("depth", 1, SLOTS, SIZE).astype(dtype)
    values[32:64] = fill
    array = zarr.create_array(
        folder / "packed", shape=values.shape, dtype=dtype, chunks=(8, SIZE, SIZE), shards=shards,
        compressors=compressors, fill_value=fill, overwrite=True,
    )  # fmt: skip
    if order == "start":
        document = folder / "packed" / "zarr.json"
        told = json.loads(document.read_text())
        told["codecs"][0]["configuration"]["index_location"] = "start"
        document.write_text(json.dumps(told))
        array = zarr.open_array(folder / "packed", mode="r+")
    array[:32] = values[:32]
    array[64:] = values[64:]
    return zarr.open_array(folder / "packed", mode="r"), values


def test_it_tells_people_splits_and_recordings(data):
    assert data.people == ("P01", "P02", "P03")
    assert [r.name for r in data.part("train")] == ["s01-interview"]
    assert [r.participant for r in data.part("test")] == ["P03"]
    recording = data.recordings["s02-interview"]
    assert (recording.slots, recording.size_px, recording.rate_hz) == (SLOTS, SIZE, 10)
    assert recording.raters == ("a1", "a2", "a3")
    assert recording.thermal_kelvin == (0.04, 0.0)
    assert set(recording.columns()) == set(schema.COLUMNS)


def test_pictures_and_labels_are_those_that_were_planted(data):
    recording = data.recordings["s02-interview"]
    for modality in datasets.MODALITIES:
        planted = datasets.pictures_of(modality, 1, SLOTS, SIZE)
        planted[[3, 4]] = 0
        assert np.array_equal(recording.pictures(modality, np.arange(SLOTS)), planted)
    labels = recording.labels()
    assert np.array_equal(labels["valence"], datasets.valence_of(1, SLOTS))
    assert list(labels.columns)[:3] == ["arousal", "arousal a1", "arousal a2"]
    assert labels.index[10] == pytest.approx(1.0)


def test_pictures_go_into_the_buffer_that_is_given(data):
    recording = data.recordings["s01-interview"]
    out = np.empty((3, SIZE, SIZE, 3), np.uint8)
    assert recording.pictures("color", np.array([1, 60, 2]), out) is out
    assert np.array_equal(out[1], recording.pictures("color", [60])[0])
    assert recording.pictures("color", []).shape == (0, SIZE, SIZE, 3)
    spread = np.empty((6, SIZE, SIZE, 3), np.uint8)[::2]
    recording.pictures("color", np.array([1, 60, 2]), spread)
    assert np.array_equal(spread, out)


def test_what_is_in_memory_reads_the_same(store, data):
    held = taver.dataset.open(store, preload=True)
    slots = np.array([5, 5, 0, 69, 33])
    for name, recording in held.recordings.items():
        for modality in recording.modalities:
            same = data.recordings[name].pictures(modality, slots)
            assert np.array_equal(recording.pictures(modality, slots), same)


def test_columns_cannot_be_changed_by_accident(data):
    with pytest.raises(ValueError, match="read-only"):
        data.recordings["s01-interview"].column("valence")[0] = 1


@pytest.mark.parametrize(
    "slots", [np.ones(SLOTS, bool), [True, False], [1.0, 2.0], 5, [[1], [2]], ["1"]]
)
def test_what_is_no_row_of_numbers_is_refused_rather_than_misread(data, slots):
    with pytest.raises(InputError, match="whole numbers") as told:
        data.recordings["s01-interview"].pictures("depth", slots)
    assert "flatnonzero" in told.value.fix


@pytest.mark.parametrize("slots", [[-1], [SLOTS], [0, 10**9]])
def test_slots_that_are_not_there_are_refused(data, slots):
    with pytest.raises(InputError, match="slots 0 to 69"):
        data.recordings["s01-interview"].pictures("depth", np.array(slots))


def test_what_is_not_there_is_refused_with_what_is(data):
    recording = data.recordings["s01-interview"]
    for ask, there in (
        (lambda: recording.pictures("sound", [0]), "color, depth, thermal"),
        (lambda: recording.column("color"), "valence"),
        (lambda: data.part("train", split="mine"), "default"),
        (lambda: data.part("dev"), "validation"),
    ):
        with pytest.raises(NotFoundError) as caught:
            ask()
        assert there in caught.value.what + caught.value.fix
    with pytest.raises(InputError, match="buffer"):
        recording.pictures("depth", [0], np.empty((1, 5, 5), np.uint16))


@pytest.mark.parametrize(
    "compressors",
    [None, BloscCodec(cname="lz4", clevel=9, shuffle="shuffle"),
     BloscCodec(cname="blosclz", clevel=1, shuffle="shuffle", blocksize=9216),
     BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle")],
    ids=["raw", "lz4", "blosclz", "zstd"],
)  # fmt: skip
@pytest.mark.parametrize("order", ["end", "start"])
def test_our_reader_gives_what_zarr_gives(tmp_path, compressors, order):
    array, values = packed(tmp_path, compressors, order=order, fill=7)
    reader = fast.pictures_of(array)
    assert isinstance(reader, fast.Sharded)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(0, SLOTS - 1), max_size=40))
    def check(slots):
        out = np.empty((len(slots), SIZE, SIZE), np.uint16)
        reader.into(slots, out)
        assert np.array_equal(out, values[slots])

    check()
    whole = np.empty_like(values)
    reader.into(list(range(SLOTS)), whole)
    assert np.array_equal(whole, array[...])


@pytest.mark.parametrize(
    ("compressors", "shards", "dtype"),
    [(ZstdCodec(level=1), (32, SIZE, SIZE), "uint16"), (None, None, "uint16"),
     (None, (32, SIZE, SIZE), ">u2")],
    ids=["zstd", "no shards", "big-endian"],
)  # fmt: skip
def test_what_is_packed_in_another_way_is_read_by_zarr(tmp_path, compressors, shards, dtype):
    array, values = packed(tmp_path, compressors, shards=shards, dtype=dtype)
    reader = fast.pictures_of(array)
    out = np.empty((3, SIZE, SIZE), reader.dtype)
    reader.into([69, 1, 40], out)
    assert np.array_equal(out, values[[69, 1, 40]])


def test_many_shards_can_be_read_though_few_files_are_open(store, monkeypatch):
    monkeypatch.setattr(fast, "_MOST_OPEN", 2)
    data = taver.dataset.open(store)  # nothing of it is open yet
    for _ in range(2):
        for number, recording in enumerate(data.recordings.values()):
            got = recording.pictures("thermal", [50])
            assert len(fast._open) <= 2
            assert np.array_equal(got[0], datasets.pictures_of("thermal", number, SLOTS, SIZE)[50])


def test_a_reader_is_told_when_another_dataset_took_the_place_of_its_own(tmp_path):
    """As a build does that is finished meanwhile: by renaming."""
    place = datasets.make_dataset(tmp_path / "d.zarr", people=2, seconds=3, size_px=16)
    new = datasets.make_dataset(tmp_path / "new.zarr", people=2, seconds=3, size_px=16)
    data = taver.dataset.open(place)
    one, other = data.recordings.values()
    was = one.pictures("depth", [2])
    valence = one.column("valence")
    place.rename(tmp_path / "old.zarr")
    for newer in (False, True):  # between two renamings nothing is there, and nothing is black
        if newer:
            new.rename(place)
        for read in (
            lambda: one.pictures("color", [2]),
            lambda: other.pictures("depth", [2]),
            lambda: one.column("arousal"),
        ):
            with pytest.raises(DataError, match="built anew"):
                read()
    assert np.array_equal(one.pictures("depth", [2]), was)
    assert one.column("valence") is valence
    assert taver.dataset.open(place).recordings["s01-interview"].pictures("color", [2]).any()


def test_threads_do_not_disturb_each_other(data):
    recording = data.recordings["s03-interview"]
    whole = recording.pictures("depth", np.arange(SLOTS))

    def read(seed):
        slots = np.random.default_rng(seed).integers(0, SLOTS, 30)
        return np.array_equal(recording.pictures("depth", slots), whole[slots])

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(60)))


@pytest.mark.parametrize("harm", ["cut", "emptied", "index", "chunk"])
def test_a_damaged_shard_is_named_with_its_slots(tmp_path, harm):
    array, _ = packed(tmp_path, BloscCodec(cname="lz4", shuffle="shuffle"))
    path = tmp_path / "packed" / "c" / "0" / "0" / "0"
    data = bytearray(path.read_bytes())
    if harm == "cut":
        del data[-100:]
    elif harm == "emptied":
        data.clear()
    elif harm == "index":
        data[-30] ^= 0x55
    else:
        data[4:16] = bytes(12)
    path.write_bytes(data)
    reader = fast.pictures_of(array)
    with pytest.raises(DataError, match="damaged") as caught:
        reader.into(list(range(8)), np.empty((8, SIZE, SIZE), np.uint16))
    assert str(path) in caught.value.what
    assert "taver dataset verify" in caught.value.fix


def test_what_is_no_dataset_is_refused(tmp_path, store):
    (tmp_path / "file.zarr").write_text("x")
    (tmp_path / "empty.zarr").mkdir()
    zarr.create_group(tmp_path / "other.zarr", zarr_format=3, attributes={"format": "else"})
    zarr.create_group(tmp_path / "v2.zarr", zarr_format=2)
    old = datasets.make_dataset(tmp_path / "old.zarr", people=1, seconds=1, size_px=16)
    zarr.open_group(old, mode="r+").attrs["version"] = 0
    for name in ("file", "empty", "other", "v2", "old"):
        with pytest.raises(DataError) as caught:
            taver.dataset.open(tmp_path / f"{name}.zarr")
        assert caught.value.fix
    with pytest.raises(DataError) as caught:
        taver.dataset.open(tmp_path / "old.zarr")
    assert "version is 0, not 1" in caught.value.problems
    with pytest.raises(NotFoundError):
        taver.dataset.open(tmp_path / "nothing.zarr")


def test_a_store_that_is_not_a_folder_is_read_too(store):
    from obstore.store import LocalStore
    from zarr.storage import ObjectStore

    far = taver.dataset.open(ObjectStore(LocalStore(store), read_only=True))
    recording = far.recordings["s01-interview"]
    near = taver.dataset.open(store).recordings["s01-interview"]
    slots = np.array([0, 69, 12])
    for modality in recording.modalities:
        assert np.array_equal(recording.pictures(modality, slots), near.pictures(modality, slots))


def test_the_checksum_of_an_index_is_crc32c():
    assert crc32c(b"123456789") == 0xE3069283
