"""The parts of a build that need no pictures: slots, labels, digests, the bar, the workers."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from taver.core.errors import AlreadyThereError, DataError, InputError
from taver.core.frames import Modality
from taver.dataset import create, schema
from taver.dataset.build import keys, rated
from taver.dataset.build.cutter import sized
from taver.dataset.build.job import Cut, blocks_of
from taver.dataset.build.ours import refuse_foreign
from taver.dataset.build.rated import Rated
from taver.dataset.build.source import rows_of_slots
from taver.dataset.build.stages import Bar
from taver.dataset.build.workers import check, each, processes, workers
from taver.faces import align, similarity

START_NS = 1_800_000_000_000_000_000
PERIOD_NS = 100_000_000


def times(count, rate_hz=10):
    return START_NS + np.arange(count, dtype=np.int64) * (1_000_000_000 // rate_hz)


def clip(frame_ns, raters=("a", "b")):
    values = np.arange(len(frame_ns), dtype=np.float32)
    by_rater = np.stack([values + n for n in range(len(raters))], axis=-1)
    return Rated(
        "c", frame_ns, raters, (), "mean",
        {"arousal": values / 10, "valence": -values / 10,
         "arousal_raters": by_rater, "valence_raters": -by_rater},
    )  # fmt: skip


def test_a_slot_shows_the_nearest_frame_or_none():
    frames = np.delete(times(10) + 20_000_000, 4)
    assert rows_of_slots(frames, START_NS, 10, 10).tolist() == [0, 1, 2, 3, -1, 4, 5, 6, 7, 8]


def test_a_slot_has_the_label_of_the_picture_nearest_to_it():
    labels = rated.on_slots(clip(times(30, rate_hz=30)), START_NS, 12, 10)
    assert labels["arousal"][:4] == pytest.approx([0, 0.3, 0.6, 0.9])
    assert labels["valence_raters"][2].tolist() == [-6, -7]
    assert np.isnan(labels["arousal"][11:]).all()  # the video went on, the rating did not


def test_a_stretch_that_nobody_rated_has_nan_and_no_raters():
    nothing = Rated("", np.empty(0, np.int64), (), (), None, {})
    labels = rated.on_slots(nothing, START_NS, 5, 10)
    assert np.isnan(labels["valence"]).all()
    assert labels["arousal_raters"].shape == (5, 0)


def test_clips_side_by_side_are_fine_and_what_is_wrong_is_told_all_at_once():
    color = times(50)
    assert rated.problems([clip(color[:20]), clip(color[20:])], color, 10) == []
    late = clip(color[45:] + 2_000_000_000)
    found = rated.problems([clip(color[:20]), clip(color[10:]), late], color, 10)
    assert len(found) == 2
    assert any("overlap by 0.9 s" in one for one in found)
    assert any("2.0 s after the video" in one for one in found)


def test_what_is_wrong_with_one_clip_does_not_hide_what_is_wrong_with_another():
    color = times(100)
    early, strange = clip(color[:20] - 2_000_000_000), clip(color[30:60] + 40_000_000)
    found = rated.problems([early, strange], color, 10)
    assert found == [
        "c begins 2.0 s before the video",
        "c: 30 of its 30 pictures were never recorded",
    ]


def test_a_digest_tells_values_kinds_and_what_was_said():
    one = keys.of_values({"a": np.arange(3)}, {"x": 1})
    assert one == keys.of_values({"a": np.arange(3)}, {"x": 1})
    assert one != keys.of_values({"a": np.arange(3)}, {"x": 2})
    assert one != keys.of_values({"a": np.arange(3, dtype=np.int32)}, {"x": 1})
    assert one != keys.of_values({"b": np.arange(3)}, {"x": 1})


@pytest.mark.parametrize("size_px", [48, 96, 224])
def test_a_similarity_leads_to_the_template_of_every_size(size_px):
    points = similarity.apply(np.array([[3.0, 1.0, 200.0], [-1.0, 3.0, 90.0]]), align.template())
    made = sized(align.matrix(points), size_px)
    assert np.allclose(made, align.matrix(points, size_px=size_px))


def cut(slots):
    return Cut(
        study="s", session="s01", recording="r", modalities=(Modality.COLOR,), start_unix_ns=0,
        slots=slots, rate_hz=10, size_px=96, crop="face", least_seen=0.5, key="k",
    )  # fmt: skip


@pytest.mark.parametrize("slots", [1, 255, 256, 257, 1000])
def test_blocks_are_whole_shards_and_cover_every_slot_once(slots):
    blocks = list(blocks_of(cut(slots), "x", 256))
    covered = [slot for one in blocks for slot in range(one.first, one.first + one.count)]
    assert covered == list(range(slots))
    assert all(one.first % 256 == 0 for one in blocks)


class Told:
    def begin(self, title, total):
        self.title, self.total, self.done = title, total, 0

    def advance(self, steps=1):
        self.done += steps


@pytest.mark.parametrize("cut_anew", [0, 40, 100])
def test_one_bar_counts_faces_and_slots_together_and_ends_full(cut_anew):
    told = Told()
    bar = Bar(told, "building", faces=100, slots=100)
    bar.begin("following", 100)
    for _ in range(200):  # followed, then carried
        bar.advance()
    half = told.done
    bar.cutting(cut_anew)
    for _ in range(cut_anew):
        bar.advance()
    assert told.done == told.total
    assert half > told.total / 2  # faces take longer than cutting


def test_work_done_here_and_by_processes_is_the_same():
    with processes(1, 1) as nobody, workers(nobody) as here:
        assert list(each(here, abs, [-3, 2])) == [3, 2]
    with processes(2, 1) as pool, workers(pool) as several:
        assert sorted(each(several, abs, [-3, 2, -1])) == [1, 2, 3]


def test_what_goes_wrong_in_a_process_arrives_as_it_was():
    with (
        processes(2, 1) as pool,
        workers(pool) as several,
        pytest.raises(InputError, match="0 jobs"),
    ):
        list(each(several, functools.partial(check, scheduler=None), [0]))


@pytest.mark.parametrize(("jobs", "scheduler"), [(0, None), (65, None), (2, "tcp://x:1")])
def test_workers_that_cannot_be_meant_are_refused(jobs, scheduler):
    with pytest.raises(InputError):
        check(jobs, scheduler)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (None, AlreadyThereError),
        (b"no json", AlreadyThereError),
        (b'{"attributes": {}}', AlreadyThereError),
        (b'{"attributes": {"format": "taver-dataset", "version": 7}}', DataError),
    ],
)
def test_only_a_dataset_of_this_version_may_be_replaced(document, kind):
    with pytest.raises(kind):
        refuse_foreign(document, "there")
    refuse_foreign(
        b'{"attributes": {"format": "taver-dataset", "version": %d}}' % schema.VERSION, "there"
    )


def test_every_array_of_the_table_can_be_made_empty_and_is_valid(tmp_path):
    modalities = [modality.value for modality in (Modality.COLOR, Modality.THERMAL)]
    told = dict.fromkeys(schema.ATTRIBUTES) | {"size_px": 96}
    root = create.root(tmp_path / "d.zarr", told)
    about = dict.fromkeys(schema.RECORDING_ATTRIBUTES) | {"modalities": modalities, "raters": []}
    group = create.recording(root[schema.RECORDINGS], "r", about)
    for name in schema.columns_of(modalities):
        create.array(group, name, slots=20, size_px=96, raters=0)
    assert schema.problems(root) == []
    again = create.root(tmp_path / "d.zarr", told)
    assert schema.problems(again) == []
