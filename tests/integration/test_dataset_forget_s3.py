"""A person is taken out of a dataset in S3, whatever is interrupted or under way there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import between
import buckets
import datasets
import numpy as np
import pytest
import stopping
import studies

import taver.dataset
from taver.core.errors import BusyError, DataError, NotFoundError
from taver.core.progress import Silent
from taver.core.study import Study
from taver.dataset import stores
from taver.dataset.build.bucket import Bucket, Objects
from taver.dataset.forget import person
from taver.dataset.forget.scan import scan
from taver.dataset.forget.who import look_for

GONE, STAYS = "P02", "P01"
ADDRESS = "s3://faces/a/data.zarr"
BESIDE = "s3://faces/a"


@pytest.fixture(scope="module")
def way():
    """S3, with somebody before it who counts."""
    with buckets.serving("faces") as server, between.between(server) as there:
        yield there


@pytest.fixture(scope="module")
def planted(way):
    with pytest.MonkeyPatch.context() as patched:
        reached(way, patched)
        target = stores.remote(ADDRESS, read_only=False)
        datasets.make_dataset(target, people=2, seconds=1, size_px=16,
                              modalities=("depth",), raters=())  # fmt: skip
        return buckets.objects(ADDRESS)


def reached(way, patched):
    for name, value in way.environment.items():
        patched.setenv(name, value)


@pytest.fixture
def study(way, planted, tmp_path, monkeypatch):
    """A study whose dataset is in S3: P01 who stays, and P02."""
    reached(way, monkeypatch)
    there = Objects(BESIDE)
    there.delete(there.keys())
    for key, data in planted.items():
        there.put(f"data.zarr/{key}", data)
    made = studies.make_study(tmp_path / studies.STRANGE_NAME)
    studies.add_person(made, GONE)
    path = made.folder / "study.toml"
    path.write_text(path.read_text().replace('"dataset.zarr"', f'"{ADDRESS}"'))
    yield Study(made.folder)
    way.behind = lambda: None


def forget(study):
    return person.forget(study, person.plan(study, GONE))


def of_the_person():
    """Return what in S3 names the person, or a recording of theirs."""
    words = (GONE.encode(), b"s02")
    return [
        key
        for key, data in buckets.objects(BESIDE).items()
        if any(word in key.encode() or word in data for word in words)
    ]


def assert_only_the_others_are_there():
    assert of_the_person() == []
    data = taver.dataset.open(ADDRESS)
    assert data.people == (STAYS,)
    assert data.recordings["s01-interview"].pictures("depth", np.arange(10)).any()


def test_a_dataset_in_s3_forgets_too(study, cli):
    half = stores.remote(f"{BESIDE}/.data.zarr.building/data", read_only=False)
    datasets.make_dataset(half, people=2, seconds=1, size_px=16)
    Objects(ADDRESS).put("recordings/P02-half/color/c.0", b"of a run that was killed")
    traces = scan(study, look_for(study, GONE), Silent()).traces
    for inside in ("data.zarr/", "data.zarr/recordings/s02-interview", "P02-half/color/c.0"):
        assert any(f"{BESIDE}/" in line and inside in line for line in traces), traces
    done = cli(study, "participant", "forget", GONE, "--yes")
    assert done.code == 0, done.err
    assert_only_the_others_are_there()
    with pytest.raises(NotFoundError):
        taver.dataset.open(f"{BESIDE}/.data.zarr.building/data")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that forks is killed")
def test_killed_behind_any_change_in_s3_the_dataset_is_read_and_a_further_run_goes_on(study, way):
    before = taver.dataset.open(ADDRESS).recordings["s01-interview"]
    pictures = before.pictures("depth", np.arange(10))
    Objects(BESIDE).put(f".data.zarr.building/data/recordings/{GONE}/zarr.json", b"{}")
    program = Path(stopping.__file__)
    seen = []

    def kill(pid):
        if way.changes[-1] not in seen and "lease" not in way.changes[-1]:
            seen.append(way.changes[-1])
            os.kill(pid, signal.SIGKILL)

    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=program.parent,
    ) as child:  # fmt: skip
        ended = -signal.SIGKILL
        while ended == -signal.SIGKILL:
            child.stdin.write(json.dumps([str(study.folder), GONE]) + "\n")
            child.stdin.flush()
            pid = int(child.stdout.readline())
            way.behind = lambda pid=pid: kill(pid)
            ended = os.waitstatus_to_exitcode(int(child.stdout.readline()))
            way.behind = lambda: None
            data = taver.dataset.open(ADDRESS)
            assert STAYS in data.people
            one = data.recordings["s01-interview"]
            assert (one.pictures("depth", np.arange(10)) == pictures).all()
        child.stdin.close()
    assert ended == 0
    assert len(seen) == 4, seen
    assert_only_the_others_are_there()


def test_a_switch_that_was_cut_short_is_finished_and_the_person_taken_out(study, planted):
    there = Objects(BESIDE)
    for key, data in planted.items():
        there.put(f".data.zarr.building/data/{key}", data)
    there.put(".data.zarr.building/ready", b"")
    there.delete(["data.zarr/zarr.json"])
    assert not forget(study).traces
    assert_only_the_others_are_there()


def test_where_no_document_says_what_lies_there_nothing_is_deleted(study):
    there = Objects(BESIDE)
    there.delete(["data.zarr/zarr.json"])
    with pytest.raises(DataError, match="cannot be told") as told:
        forget(study)
    assert "bring a whole copy back" in told.value.fix
    assert study.participants.get(GONE)


def test_while_a_build_writes_there_nothing_is_deleted(study):
    plan = person.plan(study, GONE)
    with Bucket(ADDRESS).building(), pytest.raises(BusyError, match="being built"):
        person.forget(study, plan)
    assert of_the_person()
    assert study.participants.get(GONE)
