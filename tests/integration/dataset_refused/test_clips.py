"""A dataset of which no clip can be taken, or not the ones asked for, is not made."""

from __future__ import annotations

import faced
import numpy as np
import pytest
from refusing import make, nothing_made

import taver.dataset
from taver.core.errors import DataError, InputError
from taver.core.frames import Modality
from taver.dataset.about.verify import verify
from taver.dataset.select import ClipOptions


def test_a_dataset_without_a_usable_clip_is_not_put_in_place(study):
    make(study)
    before = (study.folder / "dataset.zarr" / "zarr.json").read_bytes()
    with pytest.raises(DataError, match="no usable clip") as told:
        make(study, clips=ClipOptions(), size_px=48)
    assert "too short" in str(told.value)
    assert "length" in told.value.fix
    assert not (study.folder / ".dataset.zarr.building").exists()  # known before it is cut
    assert (study.folder / "dataset.zarr" / "zarr.json").read_bytes() == before
    assert make(study).unchanged


@pytest.mark.parametrize(
    ("clips", "what"),
    [
        ({"rate_hz": 25.0}, "25 pictures a second cannot be taken of 10"),
        ({"modalities": ("color", "thermal")}, "not in every recording"),
    ],
)
def test_clips_that_cannot_be_had_are_refused_before_anything_is_cut(study, clips, what):
    with pytest.raises(InputError, match=what) as told:
        make(study, clips=ClipOptions(length=2, **clips), modalities=(Modality.COLOR,))
    assert "[clips]" in told.value.fix
    assert nothing_made(study)
    assert not (study.folder / ".dataset.zarr.building").exists()


def test_pictures_that_are_black_throughout_hold_nothing_and_are_not_missed_afterwards(study):
    faced.repainted(study, np.zeros_like)
    options = {
        "crop": "frame",
        "size_px": 16,
        "clips": ClipOptions(modalities=("depth",), length=2),
    }
    make(study, **options)
    data = taver.dataset.open(study.folder / "dataset.zarr")
    one = data.recordings["s01-interview"]
    assert not one.column("color_valid").any()
    assert one.column("depth_valid").all()
    assert verify(data) == []
    assert make(study, **options).unchanged
