"""How fast sessions become a dataset, by how much memory, and whether it is the same every way."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import buckets
import built
import numpy as np

import taver.dataset
from taver.core.consent import Audience
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.study import Study

_BUCKET = "bench"
_CORES = 2
_KILLS = 5
# A build in a process of its own, which tells what it took; its helpers' time and memory are told
# by the system once they have ended.
_CHILD = """
import sys; sys.path[:0] = sys.argv[5:]
import json, resource
from pathlib import Path
from taver.core.consent import Audience
from taver.core.study import Study
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
if __name__ == "__main__":
    import cv2; cv2.setNumThreads(1)
    build(Study(Path(sys.argv[1])), sys.argv[2], BuildConfig(), audience=Audience.LAB,
          names=sys.argv[3].split(","), jobs=int(sys.argv[4]))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"cpu_s": sum(u.ru_utime + u.ru_stime for u in used),
                      "rss_mb": max(u.ru_maxrss for u in used) / 1024}))
"""


def measured(quick: bool, folder: Path) -> dict[str, float | bool]:
    """Return the figures of building."""
    # Lengths of whole chunks, so that nothing is counted that only fills up the last one.
    base_s, long_s, minute_s = (6.4, 64.0, 12.8) if quick else (12.8, 600.0, 64.0)
    study = built.study_of(folder / "building", seconds=base_s)
    built.with_faces(study, "s01")
    built.label(study)
    try:
        whole = folder / "whole.zarr"
        made = build(study, str(whole), BuildConfig(), audience=Audience.LAB)
        assert made.chunks_written > 0
        return {
            # Two sessions of five minutes: as long as what a study records of a person in one go.
            **speed(study, folder, 2 if quick else 24),
            **memory(study, folder, round(minute_s / base_s), round(long_s / base_s)),
            "size_ratio": size_ratio(whole),
            "rebuild_chunks_written": again(study, whole),
            "interrupted_identical": interrupted(study, whole, folder),
            "dask_equal": by_dask(study, whole, folder),
            "s3_equal": into_s3(study, whole),
        }
    finally:
        shutil.rmtree(study.folder, ignore_errors=True)


def speed(study: Study, folder: Path, times: int) -> dict[str, float]:
    """Return how many seconds of recordings become a dataset in a second, on two cores.

    With faces that have to be followed first, as the bar words it, and with those that were.
    """
    names = ["t1", "t2"]
    for name in names:
        built.longer(study, "s01", name, times, with_faces=False)
    recorded_s = _CORES * times * _length_s(study)
    figures = {"realtime_recorded_s": recorded_s}
    for key in ("realtime_factor", "realtime_factor_cut"):  # the second finds faces there
        began_s = time.perf_counter()
        told = child(study, folder / f"{key}.zarr", names, jobs=_CORES)
        figures[key] = recorded_s / (time.perf_counter() - began_s)
        figures[f"{key}_by_cpu"] = recorded_s / (told["cpu_s"] / _CORES)
    data = taver.dataset.open(folder / "realtime_factor.zarr")
    assert {one.name for one in data.recordings.values()} == set(names)
    for one in data.recordings.values():
        assert all(one.column(f"{modality}_valid").mean() > 0.9 for modality in one.modalities)
    for name in names:
        shutil.rmtree(study.sessions_folder / name)
    return figures


def memory(study: Study, folder: Path, short: int, long: int) -> dict[str, float]:
    """Return the most memory that a long session takes, and how much more that is than a short."""
    taken = []
    for name, times in (("short", short), ("long", long)):
        built.longer(study, "s01", name, times, with_faces=True)
        taken.append(child(study, folder / f"{name}.zarr", [name], jobs=1)["rss_mb"])
        shutil.rmtree(study.sessions_folder / name)
    return {"rss_mb": taken[1], "rss_growth": taken[1] / taken[0]}


def size_ratio(store: Path) -> float:
    """Return how large the pictures are on the disk, against the pixels that they hold."""
    packed = raw = 0
    for one in taver.dataset.open(store).recordings.values():
        for modality in one.modalities:
            array: Any = one.group[modality]
            raw += one.slots * int(np.prod(array.shape[1:])) * array.dtype.itemsize
            folder = store / "recordings" / one.name / modality
            packed += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return packed / raw


def again(study: Study, store: Path) -> int:
    """Return how many chunks a second build writes, by its own count and by the disk's."""
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    made = build(study, str(store), BuildConfig(), audience=Audience.LAB)
    after = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    assert before == after
    return made.chunks_written


def interrupted(study: Study, whole: Path, folder: Path) -> bool:
    """Tell whether a build that was killed five times comes to the same bytes."""
    target = folder / "killed.zarr"
    building = folder / ".killed.zarr.building" / "data"
    moments = random.Random(8)
    for _ in range(_KILLS):
        with started(study, target) as process:
            while process.poll() is None and not building.is_dir():
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 1.5))
            process.kill()
        assert not target.exists() or same(target, whole)
    child(study, target, ["s01"], jobs=1)
    return same(target, whole)


def by_dask(study: Study, whole: Path, folder: Path) -> bool:
    """Tell whether the workers of a cluster write the same bytes."""
    import logging

    from distributed import LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1",
        local_directory=str(folder / "dask"),
    ) as cluster:  # fmt: skip
        build(
            study, str(folder / "dask.zarr"), BuildConfig(), audience=Audience.LAB, names=["s01"],
            scheduler=cluster.scheduler_address,
        )  # fmt: skip
    return same(folder / "dask.zarr", whole)


def into_s3(study: Study, whole: Path) -> bool:
    """Tell whether the same bytes lie in a bucket."""
    address = f"s3://{_BUCKET}/data.zarr"
    with buckets.serving(_BUCKET) as server:
        os.environ.update(server.environment)
        try:
            build(study, address, BuildConfig(), audience=Audience.LAB, names=["s01"])
            return buckets.objects(address) == tree(whole)
        finally:
            for name in server.environment:
                del os.environ[name]


def child(study: Study, target: Path, names: list[str], *, jobs: int) -> dict[str, float]:
    """Build in another process; return what it took."""
    with started(study, target, names, jobs=jobs) as process:
        out, _ = process.communicate()
    assert process.returncode == 0, out
    told: dict[str, float] = json.loads(out.splitlines()[-1])
    return told


@contextlib.contextmanager
def started(
    study: Study, target: Path, names: list[str] | None = None, *, jobs: int = 1
) -> Iterator[subprocess.Popen[str]]:
    """Start a build in another process."""
    command = [sys.executable, "-W", "ignore", "-c", _CHILD, str(study.folder), str(target)]
    command += [",".join(names or ["s01"]), str(jobs), *sys.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process


def same(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files."""
    return tree(one) == tree(other)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _length_s(study: Study) -> float:
    return len(built.color_ns(study)) / 10
