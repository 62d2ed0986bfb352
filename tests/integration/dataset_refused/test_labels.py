"""Labels that are not of a session, or not as many as were asked for, are told of."""

from __future__ import annotations

import shutil

import built
import pytest
import zarr
from refusing import make, nothing_made

from taver.core.errors import DataError
from taver.core.session.folder import find


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: {"a": t + 800_000_000}, "after the video"),
        (lambda t: {"a": t - 800_000_000}, "before the video"),
        (lambda t: {"a": t[2:12] + 40_000_000}, "never recorded"),
        (lambda t: {"a": t[:10], "b": t[5:]}, "overlap by"),
    ],
)
def test_labels_of_another_video_are_refused(study, change, what):
    built.label(study, clips=change(built.color_ns(study)))
    with pytest.raises(DataError, match="do not fit") as told:
        make(study)
    assert any(what in problem and problem.startswith("s01: ") for problem in told.value.problems)
    assert nothing_made(study)


def test_labels_that_are_shorter_than_the_video_make_a_shorter_recording(study):
    built.label(study, clips={"a": built.color_ns(study)[:10]})
    assert make(study).slots == 10


def test_a_clip_with_a_rater_missing_is_refused_where_that_is_asked_for(study):
    built.label(study, raters=("a1", "a2"))
    with pytest.raises(DataError) as told:
        make(study, raters=3)
    assert "rated by 2 (a1, a2)" in told.value.problems[0]
    assert make(study).recordings == 1


def test_an_excluded_rater_is_not_in_it_and_that_is_said(study):
    built.label(study, excluded={"a2": "asleep"})
    made = make(study)
    assert any("without excluded raters a2" in note for note in made.notes)
    root = zarr.open_group(study.folder / "dataset.zarr", mode="r")
    assert root["recordings/s01-interview"].attrs["raters"] == ["a1", "a3"]


def test_unrated_sessions_can_be_refused(study):
    shutil.rmtree(find(study, "s01").folder / "labels.zarr")
    with pytest.raises(DataError) as told:
        make(study, unlabelled="refuse")
    assert "nobody rated it" in told.value.problems[0]
    with pytest.raises(DataError, match="no usable clip") as told:
        make(study, unlabelled="leave-out")
    assert 'unlabelled = "keep"' in told.value.fix
