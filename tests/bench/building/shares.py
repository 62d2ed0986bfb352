"""How much of a plain copy's speed each reader has: a process of its own, which prints it as JSON.

All readers, the plain copy too, read the same bytes in the same run, in a shuffled order, on one
core, into memory in pages of 2 MB as the system has the files: eight times what the caches of such
processors hold, as data are that are trained on. Whoever reads with other programs does well to do
the same (`docs/dataset.md`); tensorstore is asked for four clips at once, zarr-python for whole
shards, on uvloop's event loop where there is one, since most of its time goes into asyncio.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from building import others

import taver.dataset
from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Callable

_CLIP = 16
_AT_ONCE = 4  # clips that tensorstore is asked for together: their bytes still fit into the caches
_KEPT_BYTES = 1 << 30
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # is read once, as a process starts


def measured(store: Path, folder: Path, *, rounds: int) -> dict[str, float]:
    """Return the shares, as a process finds them that does nothing else; `folder` has room."""
    command = [sys.executable, "-P", "-m", "building.shares", str(store), str(folder), str(rounds)]
    environment = {**os.environ, **_LARGE_PAGES, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(said.stdout)
    return figures


def main() -> int:
    """Measure what the arguments say."""
    store, folder, rounds = sys.argv[1:]
    _alone_and_settled()
    print(json.dumps(_shares(Path(store), Path(folder), rounds=int(rounds))))
    return 0


def _shares(store: Path, folder: Path, *, rounds: int) -> dict[str, float]:
    """Return the shares, by CPU time, for shuffled clips.

    The plain copy is that of an uncompressed file in memory into a buffer that is used again. Each
    round measures all readers in turn; of each its best round counts.
    """
    data = taver.dataset.open(store)
    recordings = list(data.recordings.values())
    clips = [
        (recording, first)
        for recording in recordings
        for first in range(0, recording.slots - _CLIP + 1, _CLIP)
    ]
    order = np.random.default_rng(0).permutation(len(clips))
    maps = _maps(recordings, folder)
    buffers = {
        modality: np.empty((_CLIP, *maps[recordings[0].name, modality].shape[1:]), dtype)
        for modality, dtype in ((m, schema.PICTURES[m].dtype) for m in data.modalities)
    }
    slots = {first: np.arange(first, first + _CLIP) for _, first in clips}
    quarter = {first: _four_a_second(recordings[0], first) for _, first in clips}

    def plain() -> None:
        for place in order:
            recording, first = clips[place]
            for modality, out in buffers.items():
                np.copyto(out, maps[recording.name, modality][first : first + _CLIP])

    def plain_4fps() -> None:
        for place in order:
            recording, first = clips[place]
            for modality, out in buffers.items():
                np.take(maps[recording.name, modality], quarter[first], 0, out, "clip")

    def own() -> None:
        for place in order:
            recording, first = clips[place]
            for modality, out in buffers.items():
                recording.pictures(modality, slots[first], out)

    def own_4fps() -> None:
        for place in order:
            recording, first = clips[place]
            for modality, out in buffers.items():
                recording.pictures(modality, quarter[first], out)

    arrays = others.arrays(recordings)
    with zarr.config.set({"codec_pipeline.path": others.ZARRS}):
        arrays_of_zarrs = others.arrays(recordings)
    blocks = {
        modality: np.empty((schema.SHARD_FRAMES, *out.shape[1:]), out.dtype)
        for modality, out in buffers.items()
    }

    def by_blocks(opened: dict[tuple[str, str], Any]) -> None:
        """Read a shard's frames at once into a buffer, in which the clips lie."""
        from zarr.core.buffer.cpu import NDBuffer

        for recording in recordings:
            for first in range(0, recording.slots, schema.SHARD_FRAMES):
                for modality, block in blocks.items():
                    count = min(schema.SHARD_FRAMES, recording.slots - first)
                    opened[recording.name, modality].get_basic_selection(
                        (slice(first, first + count),), out=NDBuffer(block[:count])
                    )

    stores = others.tensorstores(store, recordings)
    views = [
        [stores[recording.name, m][first : first + _CLIP] for m in buffers]
        for recording, first in clips
    ]

    def by_tensorstore() -> None:
        for start in range(0, len(order), _AT_ONCE):
            asked = [
                view.read() for place in order[start : start + _AT_ONCE] for view in views[place]
            ]
            for reading in reversed(asked):  # the last is done last: so Python is woken once
                reading.result()

    readers: dict[str, Callable[[], None]] = {
        "plain": plain, "plain_4fps": plain_4fps, "own": own, "own_4fps": own_4fps,
        "zarr": lambda: by_blocks(arrays), "zarrs": lambda: by_blocks(arrays_of_zarrs),
        "tensorstore": by_tensorstore,
    }  # fmt: skip
    best = dict.fromkeys(readers, np.inf)
    with zarr.config.set(others.BEST_OF_ZARR):
        others.faster_loop()
        for _ in range(rounds):
            for name, read in readers.items():
                best[name] = min(best[name], _cpu_s(read))
    return {
        "load_share_own": best["plain"] / best["own"],
        "load_share_own_4fps": best["plain_4fps"] / best["own_4fps"],
        "load_share_tensorstore": best["plain"] / best["tensorstore"],
        "load_share_zarr": best["plain"] / best["zarr"],
        "load_share_zarrs": best["plain"] / best["zarrs"],
        "load_plain_us": best["plain"] / len(clips) * 1e6,
    }


def _four_a_second(recording: Any, first: int) -> np.ndarray:
    """Return sixteen slots at four a second, from `first` on or as late as it fits."""
    slots = np.rint(np.arange(_CLIP) * 2.5).astype(np.int64)
    return slots + min(first, recording.slots - 1 - int(slots[-1]))


def _maps(recordings: list[Any], folder: Path) -> dict[tuple[str, str], np.ndarray]:
    """Return the same pictures as uncompressed files, mapped."""
    maps = {}
    for recording in recordings:
        for modality in recording.modalities:
            path = folder / f"{recording.name}.{modality}.npy"
            np.save(path, recording.group[modality][...])
            maps[recording.name, str(modality)] = np.load(path, mmap_mode="r")
    return maps


def _alone_and_settled() -> None:
    """Stay on one core, and set memory as a program has it that has run for long.

    Threads on two cores hand data from one core's cache to the other's. C's allocator gives large
    pieces back to the system until it has seen how large they get, and takes them anew page by
    page: twice the time for readers that unpack into memory of their own. Garbage is not collected
    meanwhile, as `timeit` does it.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.disable()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        trim, top, mmap = -1, -2, -3
        for option, size in ((mmap, _KEPT_BYTES), (trim, _KEPT_BYTES), (top, _KEPT_BYTES // 16)):
            mallopt(option, size)


def _cpu_s(read: Callable[[], None]) -> float:
    start = time.process_time()
    read()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
