"""A dataset built by Dask's workers and into S3: the same bytes, and nothing half done."""

from __future__ import annotations

import platform
import random
import subprocess
import sys
import time

import between
import buckets
import built
import msgspec
import numpy as np
import ports
import pytest

import taver.dataset
from taver.core.consent import Audience
from taver.core.errors import BusyError, NotFoundError, StorageError, TaverError
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions

CONFIG = BuildConfig(clips=ClipOptions(length=4))
BUCKET = "faces"


def make(study, target, **more):
    return build(study, str(target), CONFIG, audience=Audience.LAB, **more)


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    study = built.study_of(tmp_path_factory.mktemp("elsewhere"), seconds=3.2)
    built.with_faces(study, "s01")
    built.label(study)
    make(study, study.folder / "dataset.zarr")
    return study


@pytest.fixture(autouse=True)
def labelled(studied):
    yield
    built.label(studied)  # as before


@pytest.fixture
def s3(monkeypatch):
    with buckets.serving(BUCKET) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def test_in_s3_lie_the_same_bytes_as_in_a_folder(studied, s3):
    address = f"s3://{BUCKET}/some/data.zarr"
    made = make(studied, address)
    assert buckets.objects(address) == tree(studied.folder / "dataset.zarr")
    assert buckets.objects(f"s3://{BUCKET}/some").keys() == {f"data.zarr/{key}" for key in
                                                     buckets.objects(address)}  # fmt: skip
    assert made.chunks_written > 0
    one = taver.dataset.open(address).recordings["s01-interview"]
    here = taver.dataset.open(studied.folder / "dataset.zarr").recordings["s01-interview"]
    assert np.array_equal(one.pictures("depth", np.arange(9)), here.pictures("depth", np.arange(9)))
    was = one.column("valence")[0]
    assert make(studied, address).unchanged
    built.label(studied, shift=1.0)
    assert make(studied, address).labels_written == 1
    now = taver.dataset.open(address).recordings["s01-interview"].column("valence")[0]
    assert abs(now - was - 0.1) < 1e-6


def test_when_s3_is_gone_it_says_what_is_so_and_the_next_build_goes_on(studied, s3, monkeypatch):
    with between.between(s3) as way:
        for name, value in way.environment.items():
            monkeypatch.setenv(name, value)
        address = f"s3://{BUCKET}/data.zarr"
        make(studied, address)
        before = buckets.objects(address)
        built.label(studied, shift=1.0)
        # While it is built, and while it is put in place.
        for at, so, as_it_was in (
            ("building/data/recordings/s01-interview/valence/c.0", "as it was", True),
            (f"{BUCKET}/data.zarr/recordings/s01-interview/face", "put in place first", False),
        ):
            way.gone_at = lambda change, at=at: at in change and change.startswith("PUT")
            with pytest.raises(StorageError, match="does not answer") as told:
                make(studied, address)
            assert so in told.value.fix
            way.back()
            assert (buckets.objects(address) == before) == as_it_was
        with pytest.raises(NotFoundError):
            taver.dataset.open(address)
        assert make(studied, address).unchanged
        now = buckets.objects(address)
        assert now.keys() == before.keys()
        assert now != before


def test_two_builds_to_one_address_do_not_meet(studied, s3, monkeypatch):
    from taver.dataset.build.bucket import Bucket, Objects
    from taver.dataset.build.lease import BELIEVED_S, Holder

    address = f"s3://{BUCKET}/both/data.zarr"
    with Bucket(address).building():
        with pytest.raises(BusyError, match="another program on this machine"):
            make(studied, address)
        assert set(buckets.objects(f"s3://{BUCKET}/both")) == {".data.zarr.lease"}
    assert buckets.objects(f"s3://{BUCKET}/both") == {}

    parent = Objects(f"s3://{BUCKET}/both")
    theirs = msgspec.json.encode(Holder("x", "another-machine", 7, "2026-11-21 09:00:00"))
    parent.put(".data.zarr.lease", theirs)
    with pytest.raises(BusyError, match="process 7 on another-machine") as told:
        make(studied, address)
    assert "5 minutes" in told.value.fix
    assert buckets.objects(f"s3://{BUCKET}/both") == {".data.zarr.lease": theirs}
    # Six minutes later nobody has renewed it.
    now_s = time.time()
    monkeypatch.setattr("taver.dataset.build.lease.time.time", lambda: now_s + BELIEVED_S + 60)
    with Bucket(address).building() as staging:
        staging.lease.confirm()
        assert staging.lease.renew()
        parent.put(".data.zarr.lease", theirs)  # who was believed to be gone is back
        assert not staging.lease.renew()
        with pytest.raises(BusyError, match="another-machine"):
            staging.publish()
    assert buckets.objects(f"s3://{BUCKET}/both") == {".data.zarr.lease": theirs}


TAKEN = """
from taver.dataset.build.bucket import Bucket
import os, sys
with Bucket(sys.argv[1]).building():
    os._exit(9)
"""


def test_who_died_here_is_not_waited_for_and_a_namesake_elsewhere_is(s3, tmp_path, monkeypatch):
    """A host's name says little: containers may share it, and have a cache each."""
    from taver.dataset.build.bucket import Bucket

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
    address = f"s3://{BUCKET}/left/data.zarr"
    done = subprocess.run([sys.executable, "-c", TAKEN, address], check=False, timeout=60)
    assert done.returncode == 9
    (left,) = buckets.objects(f"s3://{BUCKET}/left").values()
    with monkeypatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path / "there"))
        with pytest.raises(BusyError, match=platform.node()), Bucket(address).building():
            pass
    assert buckets.objects(f"s3://{BUCKET}/left") == {".data.zarr.lease": left}
    with Bucket(address).building() as staging:
        staging.lease.confirm()
    assert buckets.objects(f"s3://{BUCKET}/left") == {}
    assert list(tmp_path.rglob("*.tokens")) == []


class Killed(BaseException):
    """As if the power went."""


class Power:
    """Goes after so many changes of objects, counted from where a switch begins."""

    def __init__(self, patched, lasts):
        from taver.dataset.build.bucket import Objects

        self.lasts = lasts
        self.changes = 0
        for name in ("put", "copy", "delete"):
            patched.setattr(Objects, name, self.guarded(getattr(Objects, name)))

    def guarded(self, change):
        def guard(objects, *given):
            if self.changes or given[0] == ".data.zarr.building/ready":
                if self.changes == self.lasts:
                    raise Killed
                self.changes += 1
            return change(objects, *given)

        return guard


def test_a_switch_that_is_cut_short_anywhere_is_finished_by_the_next_build(studied, s3):
    address = f"s3://{BUCKET}/cut/data.zarr"
    make(studied, address)
    old = buckets.objects(address)
    built.label(studied, shift=1.0)
    with pytest.MonkeyPatch.context() as patched:
        power = Power(patched, lasts=-1)
        make(studied, address)
    new = buckets.objects(address)
    assert new != old
    # Nothing but the note that it began; half of it; all of it, but not tidied up.
    for number, lasts in enumerate((1, power.changes // 2, power.changes - 2)):
        shift, before, after = ((0.0, new, old), (1.0, old, new))[number % 2]
        built.label(studied, shift=shift)
        with pytest.MonkeyPatch.context() as patched:
            Power(patched, lasts=lasts)
            with pytest.raises(Killed):
                make(studied, address)
        there = buckets.objects(address)
        assert "zarr.json" not in there or there in (before, after)
        assert make(studied, address).unchanged
        assert buckets.objects(f"s3://{BUCKET}/cut") == {
            f"data.zarr/{key}": data for key, data in after.items()
        }


def test_a_bucket_with_other_things_in_it_is_left_alone(studied, s3):
    import obstore
    from obstore.store import from_url

    store = from_url(f"s3://{BUCKET}/theirs.zarr", client_options={"allow_http": True})
    obstore.put(store, "notes.txt", b"mine")
    with pytest.raises(TaverError, match="no dataset of taver's"):
        make(studied, f"s3://{BUCKET}/theirs.zarr")
    assert buckets.objects(f"s3://{BUCKET}/theirs.zarr") == {"notes.txt": b"mine"}


@pytest.mark.filterwarnings("ignore")  # of Dask's own ports and loops
def test_a_dask_cluster_writes_the_same_bytes(studied, tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1", local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        make(studied, tmp_path / "dask.zarr", scheduler=cluster.scheduler_address)
    assert tree(tmp_path / "dask.zarr") == tree(studied.folder / "dataset.zarr")


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_does_not_answer_is_told_of(studied, tmp_path, monkeypatch):
    from taver.dataset.build import workers

    monkeypatch.setattr(workers, "_ANSWERS_S", 1)
    with pytest.raises(TaverError, match="No Dask scheduler answers") as told:
        make(studied, tmp_path / "none.zarr", scheduler=f"tcp://127.0.0.1:{ports.free_port()}")
    assert "dask worker" in told.value.fix
    assert not (tmp_path / "none.zarr").exists()


def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(studied, tmp_path):
    code = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path\n"
        "from taver.core.consent import Audience\n"
        "from taver.core.study import Study\n"
        "from taver.dataset.build.run import build\n"
        "from taver.dataset.config import BuildConfig\n"
        "from taver.dataset.select import ClipOptions\n"
        "from taver.dataset import schema\n"
        "if __name__ == '__main__':\n"
        "    print('begun', flush=True)\n"
        "    build(Study(Path(sys.argv[1])), sys.argv[2],\n"
        "          BuildConfig(clips=ClipOptions(length=4)), audience=Audience.LAB)\n"
        "    print('done', flush=True)\n"
    )
    target = tmp_path / "killed.zarr"
    given = [sys.executable, "-c", code, str(studied.folder), str(target), *sys.path]
    moments = random.Random(4)
    for _ in range(5):
        with subprocess.Popen(given, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline().strip() == "begun"
            until(lambda: (target.with_name(".killed.zarr.building") / "data").is_dir()
                  or target.exists())  # fmt: skip
            time.sleep(moments.uniform(0, 1))
            child.kill()
        assert not target.exists() or tree(target) == tree(studied.folder / "dataset.zarr")
    subprocess.run(given, check=True, stdout=subprocess.DEVNULL)
    assert tree(target) == tree(studied.folder / "dataset.zarr")
    assert not target.with_name(".killed.zarr.building").exists()


def until(so):
    ends_s = time.monotonic() + 100
    while not so():
        assert time.monotonic() < ends_s
        time.sleep(0.01)
