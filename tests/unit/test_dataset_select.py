"""Clips are taken by time; what cannot be used is left out and counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError
from taver.dataset.select import ClipOptions, Counts, centred, clips, clips_of


class Planted:
    """What of a recording clips are made from."""

    name = "r"
    modalities = ("color", "depth")

    def __init__(self, times_ns, lost=(), unlabelled=(), without_depth=()):
        self.columns = {
            "time_ns": np.asarray(times_ns, np.int64),
            "color_valid": np.ones(len(times_ns), bool),
            "depth_valid": np.ones(len(times_ns), bool),
            "valence": np.zeros(len(times_ns), np.float32),
        }
        self.columns["color_valid"][list(lost)] = False
        self.columns["depth_valid"][list(without_depth)] = False
        self.columns["valence"][list(unlabelled)] = np.nan

    def column(self, name):
        return self.columns[name]


def at_ten_hz(slots, **more):
    return Planted(np.arange(slots) * (NS_PER_S // 10), **more)


def test_the_papers_clips_are_sixteen_slots_at_four_a_second_side_by_side():
    taken, counts = clips(at_ten_hz(80), ClipOptions())
    assert [clip.slots.tolist() for clip in taken] == [
        [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37],
        [40, 42, 45, 47, 50, 52, 55, 57, 60, 62, 65, 67, 70, 72, 75, 77],
    ]
    assert counts == Counts(taken=2)


def test_a_recording_that_is_too_short_gives_none_and_is_counted():
    assert clips(at_ten_hz(37), ClipOptions()) == ([], Counts(short=1))
    assert clips(at_ten_hz(0), ClipOptions()) == ([], Counts(short=1))
    assert clips(at_ten_hz(38), ClipOptions())[1].taken == 1


def test_a_clip_with_a_lost_face_is_dropped_and_only_that_one():
    taken, counts = clips(at_ten_hz(120, lost=[42]), ClipOptions())
    assert [int(clip.slots[0]) for clip in taken] == [0, 80]
    assert counts == Counts(taken=2, lost=1)


def test_a_lost_slot_that_is_not_picked_costs_nothing():
    assert clips(at_ten_hz(80, lost=[1, 3]), ClipOptions())[1] == Counts(taken=2)


def test_a_masked_clip_says_which_frames_are_missing_and_too_many_drop_it():
    options = ClipOptions(missing="mask", most_missing=0.25)
    taken, counts = clips(at_ten_hz(80, lost=[0, *range(40, 60)]), options)
    assert counts == Counts(taken=1, masked=1, lost=1)
    assert taken[0].valid.tolist() == [False] + [True] * 15


def test_what_is_not_asked_for_may_be_missing():
    planted = at_ten_hz(40, without_depth=[0])
    assert clips(planted, ClipOptions())[1] == Counts(lost=1)
    assert clips(planted, ClipOptions(modalities=("color",)))[1] == Counts(taken=1)
    with pytest.raises(InputError, match="has no thermal"):
        clips(planted, ClipOptions(modalities=("thermal",)))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"labels": ("valance",)}, "valance; choose among arousal, valence"),
        ({"labels": ("arousal_raters",)}, "choose among arousal, valence"),
        ({"modalities": ("color", "sound")}, "sound; choose among color, depth, thermal"),
    ],
)
def test_what_no_dataset_has_cannot_be_asked_for(wrong, told):
    with pytest.raises(ValueError, match=told):
        ClipOptions(**wrong)


def test_a_clip_without_labels_is_dropped_where_labels_are_needed():
    planted = at_ten_hz(40, unlabelled=[7])
    assert clips(planted, ClipOptions())[1].taken == 1
    assert clips(planted, ClipOptions(labels=("valence",)))[1] == Counts(unlabelled=1)


def test_a_gap_in_time_is_not_bridged():
    times = np.concatenate([np.arange(40), np.arange(200, 240)]) * (NS_PER_S // 10)
    taken, counts = clips(Planted(times), ClipOptions())
    assert [int(clip.slots[0]) for clip in taken] == [0, 40]
    assert counts.gaps == 4
    assert counts.taken == 2


def test_counts_of_several_recordings_add_up_and_are_told():
    taken, counts = clips_of([at_ten_hz(80, lost=[0]), at_ten_hz(10)], ClipOptions())
    assert len(taken) == 1
    assert counts == Counts(taken=1, lost=1, short=1)
    assert (
        counts.in_words() == "1 clips; left out 1 without a face; 1 recordings too short for a clip"
    )


def test_centred_clips_stand_around_each_slot_and_mark_what_is_outside():
    around = centred(at_ten_hz(50, lost=[25]), ClipOptions(length=4))
    assert len(around) == 50
    assert around[25].slots.tolist() == [20, 22, 25, 27]
    assert around[25].valid.tolist() == [True, True, False, True]
    assert around[0].valid.tolist() == [False, False, True, True]
    assert around[0].slots.min() == 0
    assert around[49].slots.max() == 49


@settings(max_examples=60, deadline=None)
@example(slots=46, length=2, rate=1.0, stride=None, lost=set())
@given(
    slots=st.integers(0, 120), length=st.integers(1, 20), rate=st.sampled_from([1.0, 4.0, 10.0]),
    stride=st.none() | st.integers(1, 30), lost=st.sets(st.integers(0, 119), max_size=10),
)  # fmt: skip
def test_clips_are_ordered_inside_and_of_good_slots_and_none_is_uncounted(
    slots, length, rate, stride, lost
):
    planted = at_ten_hz(slots, lost=[slot for slot in lost if slot < slots])
    options = ClipOptions(length=length, rate_hz=rate, stride=stride)
    taken, counts = clips(planted, options)
    assert counts.taken == len(taken)
    for clip in taken:
        assert len(clip.slots) == length
        assert (np.diff(clip.slots) > 0).all()
        assert 0 <= clip.slots.min() <= clip.slots.max() < slots
        assert planted.columns["color_valid"][clip.slots].all()
        times = planted.columns["time_ns"][clip.slots] / NS_PER_S
        wanted = times[0] + np.arange(length) / rate
        assert np.abs(times - wanted).max() <= 0.1 + 1e-9
    if stride is None:
        firsts = [slot for clip in taken for slot in clip.slots.tolist()]
        assert len(set(firsts)) == len(firsts), "clips overlap"
