"""Batches: the clips that are asked for, in order, in buffers that are used again."""

import threading

import datasets as making
import msgspec
import numpy as np
import pytest
import torch

from taver.core.errors import DataError, InputError
from taver.dataset import read
from taver.dataset.select import ClipOptions
from taver.training import samples
from taver.training.data import Loader, in_order, shuffled
from taver.training.scaling import Scaling

OPTIONS = ClipOptions(length=4, modalities=("color", "depth"))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "d.zarr"
    return read.open(making.make_dataset(folder, people=3, seconds=12, size_px=16, lost=(3, 44)))


@pytest.fixture
def some(data):
    return samples.labelled(data.recordings.values(), OPTIONS, ("valence",), "mean")[0]


def test_each_batch_holds_the_clips_asked_for_in_their_order(some):
    plan = [np.array([5, 0, 3]), np.array([2]), np.array([1, 4])]
    loader = Loader(some, ("color", "depth"), Scaling())
    for wanted, batch in zip(plan, loader.batches(plan, largest=3), strict=True):
        assert (batch.clips == wanted).all()
        seen = batch.scaled(CPU, Scaling())
        assert seen["color"].shape == (len(wanted), 3, 4, 16, 16)
        assert seen["depth"].shape == (len(wanted), 1, 4, 16, 16)
        for place, number in enumerate(wanted):
            clip = some.clips[number]
            raw = some.recordings[clip.recording].pictures("color", clip.slots)
            expected = torch.from_numpy(raw).permute(3, 0, 1, 2) / 127.5 - 1
            assert torch.allclose(seen["color"][place], expected, atol=1e-6)
        assert (batch.labels == some.labels[wanted]).all()


def test_buffers_are_used_again_and_never_while_they_are_looked_at(some):
    loader = Loader(some, ("color",), Scaling(), ahead=1)
    memory = set()
    plan = in_order(np.tile(np.arange(4), 6), 2)
    for batch in loader.batches(plan, largest=2):
        raw = batch._buffer.raw["color"]
        memory.add(raw.data_ptr())
        before = raw.clone()
        threading.Event().wait(0.005)  # let the reader do what it can
        assert torch.equal(raw, before)
    assert len(memory) == 2


def test_what_goes_wrong_while_reading_is_raised_where_batches_are_taken(some):
    beyond = [clip._replace(slots=clip.slots + 10_000) for clip in some.clips]
    loader = Loader(some._replace(clips=beyond), ("color",), Scaling())
    with pytest.raises(InputError, match="slots"):
        list(loader.batches([np.array([0])], largest=1))


def test_whoever_stops_early_leaves_no_thread_behind(some):
    feed = Loader(some, ("color",), Scaling()).batches(iter(lambda: np.array([0]), None), largest=1)
    next(feed)
    assert any(thread.name == "clips" for thread in threading.enumerate())
    feed.close()
    assert not any(thread.name == "clips" for thread in threading.enumerate())


def test_an_epoch_has_every_clip_once_in_an_order_that_seed_and_epoch_tell():
    once = shuffled(11, 4, seed=1, epoch=0)
    assert [len(batch) for batch in once] == [4, 4, 3]
    assert sorted(np.concatenate(once)) == list(range(11))
    again = shuffled(11, 4, seed=1, epoch=0)
    assert all((a == b).all() for a, b in zip(once, again, strict=True))
    assert (np.concatenate(shuffled(11, 4, seed=1, epoch=1)) != np.concatenate(once)).any()


@pytest.mark.parametrize(
    ("label", "pick"), [("mean", np.mean), ("last", lambda v: v[-1]), ("centre", lambda v: v[2])]
)
def test_a_clips_label_is_the_one_that_is_named(data, label, pick):
    found, _ = samples.labelled(data.recordings.values(), OPTIONS, ("valence", "arousal"), label)
    for clip, own in zip(found.clips, found.labels, strict=True):
        for place, target in enumerate(("valence", "arousal")):
            values = data.recordings[clip.recording].column(target)[clip.slots]
            assert own[place] == pytest.approx(float(pick(values)), abs=1e-6)


@pytest.mark.parametrize(("label", "frame"), [("centre", 2), ("last", 3)])
def test_the_label_of_a_clip_with_lost_frames_is_that_of_the_frame_looked_at(
    tmp_path, label, frame
):
    """A frame-by-frame model looks at the third, or the last, of what is shown in their places."""
    folder = making.make_dataset(
        tmp_path / "d.zarr", people=2, seconds=4, size_px=16, lost=(0, 2, 38), rate_hz=10
    )
    masked = msgspec.structs.replace(OPTIONS, missing="mask", most_missing=0.5)
    found, counts = samples.labelled(
        read.open(folder).recordings.values(), masked, ("valence",), label
    )
    assert counts.masked
    for clip, own in zip(found.clips, found.labels, strict=True):
        valence = found.recordings[clip.recording].column("valence")
        assert own[0] == valence[clip.slots[frame]]


def test_around_each_slot_with_a_face_there_is_a_clip_that_shows_only_faces(data):
    recording = next(iter(data.recordings.values()))
    found, slots = samples.around_each(recording, OPTIONS, ("valence",))
    lost = np.flatnonzero(~recording.column("color_valid"))
    assert set(lost) == {3, 44}
    assert set(slots) == set(range(recording.slots)) - set(lost)
    used = np.concatenate([clip.slots for clip in found.clips])
    assert not set(used) & set(lost)
    assert (found.labels[:, 0] == recording.column("valence")[slots]).all()
    assert (found.clips[0].slots[:3] == 0).all()  # nothing is before the first


def test_labels_beyond_the_scale_are_refused(data):
    recording = next(iter(data.recordings.values()))
    beyond = recording.column("valence").copy()
    beyond[7] = 3.0
    recording._columns["valence"] = beyond
    try:
        with pytest.raises(DataError, match="beyond -1 to 1"):
            samples.labelled([recording], OPTIONS, ("valence",), "mean")
    finally:
        del recording._columns["valence"]
