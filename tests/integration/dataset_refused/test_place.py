"""What lies where a dataset is to be is never lost, and a place that does not do is told of."""

from __future__ import annotations

import json
import shutil

import built
import datasets
import places
import pytest
import telling
import zarr
from refusing import make, nothing_made

from taver.core import lock
from taver.core.consent import Audience
from taver.core.errors import AlreadyThereError, BusyError, DataError, InputError, StorageError
from taver.dataset.build import folder
from taver.dataset.build import refused as refusing
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions


@pytest.mark.parametrize("theirs", ["file", "folder", "zarr"])
def test_what_is_not_ours_is_never_overwritten(study, theirs):
    target = study.folder / "dataset.zarr"
    if theirs == "file":
        target.write_bytes(b"mine")
    elif theirs == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    else:
        zarr.create_group(target, attributes={"format": "somebody's"})
    with pytest.raises(AlreadyThereError, match="no dataset of taver's"):
        make(study)
    assert target.exists()


def test_a_dataset_of_another_version_is_left_as_it_is(study):
    make(study)
    path = study.folder / "dataset.zarr" / "zarr.json"
    told = json.loads(path.read_text())
    told["attributes"]["version"] = 0
    path.write_text(json.dumps(told))
    before = path.read_bytes()
    with pytest.raises(DataError, match="version 0"):
        make(study)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("there", "wanted"), [("public", "lab"), ("lab", "request")])
def test_a_dataset_for_one_audience_is_not_replaced_by_one_for_another(study, there, wanted):
    store = study.folder / "dataset.zarr"
    datasets.make_dataset(store, people=1, seconds=1, size_px=16, audience=there)
    before = telling.tree(study.folder)
    with pytest.raises(AlreadyThereError, match=f"for the audience {there}") as told:
        make(study, audience=Audience(wanted))
    assert f"--audience {there}" in told.value.fix
    assert telling.tree(study.folder) == before


def test_two_builds_at_a_time_are_refused(study, monkeypatch):
    monkeypatch.setattr(folder, "_PATIENCE_S", 0.1)
    staging = study.folder / ".dataset.zarr.building"
    staging.mkdir()
    with lock.held(staging, "another build"), pytest.raises(BusyError, match="in use"):
        make(study)
    assert make(study).recordings == 1
    assert not staging.exists()


def test_a_switch_that_was_cut_short_between_two_renamings_is_mended(study):
    make(study)
    target, staging = study.folder / "dataset.zarr", study.folder / ".dataset.zarr.building"
    staging.mkdir()
    target.rename(staging / "old")
    assert make(study).unchanged
    assert target.is_dir()


def test_a_place_that_cannot_be_is_refused(study):
    (study.folder / "notes.txt").write_text("mine")
    for target, what in (("", "name is empty"), (study.folder / "notes.txt" / "x", "is a file")):
        with pytest.raises(InputError, match=what) as told:
            build(study, str(target), BuildConfig(), audience=Audience.LAB)
        assert "--out" in told.value.fix


def test_two_recordings_are_not_called_the_same(study):
    times = built.color_ns(study)
    built.label(study, clips={"A": times[:8], "s01-a": times[8:]})
    with pytest.raises(InputError, match="one name") as told:
        make(study)
    assert told.value.problems == ("s01, clip A: s01-A", "s01, clip s01-a: s01-a")
    assert nothing_made(study)


def test_a_disk_without_room_is_told_of_and_keeps_what_was_there(study, tmp_path):
    with places.small_disk(tmp_path / "disk") as disk:
        target = disk.folder / "dataset.zarr"
        with pytest.raises(StorageError, match="No room") as told:
            build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                  audience=Audience.LAB)  # fmt: skip
        assert "--out" in told.value.fix
        assert list(disk.folder.iterdir()) == []
        disk.holds(40_000, 30)  # room for bytes, none for so many files
        with pytest.raises(StorageError, match="No room left"):
            build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                  audience=Audience.LAB)  # fmt: skip
        assert not target.exists()
        disk.holds(40_000, 1000)
        made = build(study, str(target), BuildConfig(clips=ClipOptions(length=2)),
                     audience=Audience.LAB)  # fmt: skip
        assert made.recordings == 1


def test_bringing_up_to_date_takes_no_room_for_pictures_that_stay(study, tmp_path, monkeypatch):
    monkeypatch.setattr(refusing, "_SPARE_BYTES", 0)
    with places.small_disk(tmp_path / "disk") as disk:
        disk.holds(40_000, 1000)
        target = disk.folder / "dataset.zarr"
        options = BuildConfig(clips=ClipOptions(length=2), size_px=192)
        build(study, str(target), options, audience=Audience.LAB)
        room_kb = shutil.disk_usage(disk.folder).used // 1024
        disk.holds(room_kb + 600, 1000)
        built.label(study, shift=0.7)
        made = build(study, str(target), options, audience=Audience.LAB)
        assert made.labels_written == 1
        with pytest.raises(StorageError, match="No room"):
            build(study, str(target), options, audience=Audience.LAB, again=True)
