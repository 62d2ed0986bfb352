"""How fast clips are read, against a plain copy; whether other programs read the same values.

All readers, the plain copy too, read the same 264 MB in the same run, in a shuffled order: eight
times what the caches of such processors hold, as data are that are trained on. The others are set
to what is best for them: one core each, tensorstore with four clips at once, zarr-python with whole
shards and uvloop's event loop (where there is one), since most of its time goes into asyncio.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import built
import datasets
import forgetting
import numpy as np
import zarr

import taver.dataset
from taver.core.consent import Audience
from taver.core.progress import Silent
from taver.dataset import planes, schema
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.forget import person
from taver.dataset.forget.scan import scan
from taver.dataset.forget.who import look_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CLIP = 16
_AT_ONCE = 4  # clips that tensorstore is asked for together: their bytes still fit into the caches
_KEPT_BYTES = 1 << 30
_ZARRS = "zarrs.ZarrsCodecPipeline"


def measured(quick: bool, folder: Path) -> dict[str, float | bool]:
    """Return the figures of reading; the pictures are crops of a simulated session."""
    store = folder / "reading.zarr"
    _tiled(_crops(folder), store, people=2 if quick else 4, slots=1024)
    try:
        figures = shares(store, folder, rounds=5 if quick else 15)
        return {
            **figures,
            "peer_reads_equal": peers_agree(store),
            "forgotten_traces": traces_left(folder),
        }
    finally:
        shutil.rmtree(store)


def _crops(folder: Path) -> dict[str, np.ndarray]:
    """Return real crops: of what the other part built, or of a short session of our own."""
    store = folder.parent / "build" / "whole.zarr"
    if not store.is_dir():
        study = built.study_of(folder / "crops", seconds=6.4)
        built.with_faces(study, "s01")
        built.label(study)
        store = folder / "crops.zarr"
        build(study, str(store), BuildConfig(), audience=Audience.LAB)
    (recording,) = taver.dataset.open(store).recordings.values()
    slots = np.arange(recording.slots)
    return {str(m): recording.pictures(m, slots) for m in recording.modalities}


def _tiled(crops: dict[str, np.ndarray], store: Path, *, people: int, slots: int) -> None:
    """Write a dataset larger than any cache: the crops over and over, half of them mirrored."""
    datasets.make_dataset(store, people=people, seconds=slots / schema.RATE_HZ)
    root = zarr.open_group(store, mode="r+")[schema.RECORDINGS]
    for _, group in root.groups():
        for modality, pictures in crops.items():
            both = np.concatenate([pictures, pictures[:, :, ::-1]])
            planes.writer(group[modality])[...] = both[np.arange(slots) % len(both)]


def shares(store: Path, folder: Path, *, rounds: int) -> dict[str, float]:
    """Return how much of a plain copy's speed each reader has, by CPU time, for shuffled clips.

    The plain copy is that of an uncompressed file in memory into a buffer that is used again. Each
    round measures all readers in turn; of each its best round counts.
    """
    _settled()
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

    arrays = _arrays(recordings)
    with zarr.config.set({"codec_pipeline.path": _ZARRS}):
        arrays_of_zarrs = _arrays(recordings)
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

    stores = _tensorstores(store, recordings)
    views = [
        [stores[recording.name, m][first : first + _CLIP] for m in buffers]
        for recording, first in clips
    ]

    def by_tensorstore() -> None:
        for start in range(0, len(order), _AT_ONCE):
            asked = [
                view.read() for place in order[start : start + _AT_ONCE] for view in views[place]
            ]
            for reading in asked:
                reading.result()

    readers: dict[str, Callable[[], None]] = {
        "plain": plain, "plain_4fps": plain_4fps, "own": own, "own_4fps": own_4fps,
        "zarr": lambda: by_blocks(arrays), "zarrs": lambda: by_blocks(arrays_of_zarrs),
        "tensorstore": by_tensorstore,
    }  # fmt: skip
    best = dict.fromkeys(readers, np.inf)
    # A limit makes zarr wrap each chunk in a task more; threads beyond one only hand it about; a
    # shard's chunks are decoded in one go (the codecs inside a shard ask for this at each read).
    best_of_zarr = {
        "async.concurrency": None,
        "threading.max_workers": 1,
        "codec_pipeline.batch_size": schema.SHARD_FRAMES,
    }
    with zarr.config.set(best_of_zarr):
        _faster_loop()
        for _ in range(rounds):
            for name, read in readers.items():
                best[name] = min(best[name], _cpu_s(read))
    return {
        "load_share_own": best["plain"] / best["own"],
        "load_share_own_4fps": best["plain_4fps"] / best["own_4fps"],
        "load_share_tensorstore": best["plain"] / best["tensorstore"],
        "load_share_zarr": best["plain"] / best["zarr"],
        "load_share_zarrs": best["plain"] / best["zarrs"],
    }


def peers_agree(store: Path) -> bool:
    """Tell whether tensorstore, zarrs and zarr-python read what our own reader reads."""
    data = taver.dataset.open(store)
    recordings = list(data.recordings.values())
    stores = _tensorstores(store, recordings)
    equal = True
    for recording in recordings:
        for name in (*recording.columns(), *recording.modalities):
            ours = (
                recording.pictures(name, np.arange(recording.slots))
                if name in schema.PICTURES
                else recording.column(name)
            )
            theirs = [recording.group[name][...]]
            if name in schema.PICTURES:
                theirs.append(stores[recording.name, name].read().result())
            with zarr.config.set({"codec_pipeline.path": _ZARRS}):
                place = f"{schema.RECORDINGS}/{recording.name}/{name}"
                theirs.append(zarr.open_array(store, path=place, mode="r")[...])
            for other in theirs:
                equal &= np.array_equal(ours, other, equal_nan=ours.dtype.kind == "f")
    return bool(equal)


def traces_left(folder: Path) -> int:
    """Return in how many places a person is found who was in all of them and was forgotten.

    Beforehand the same scan has to find them in each kind of place.
    """
    study = forgetting.full_study(folder / "étude")
    who = look_for(study, forgetting.GONE)
    before = "\n".join(scan(study, who, Silent()).traces)
    kinds = ("participants/", "session.json", "color.mcap", "zarr.json", "table clips", "run.json")
    if not all(kind in before for kind in kinds):
        return len(kinds)
    person.forget(study, person.plan(study, forgetting.GONE))
    return len(scan(study, who, Silent()).traces)


def _settled() -> None:
    """Set memory as a program has it that has run for long.

    C's allocator gives large pieces back to the system until it has seen how large they get, and
    takes them anew page by page: twice the time for readers that unpack into memory of their own.
    """
    gc.collect()
    gc.freeze()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        trim, top, mmap = -1, -2, -3
        for option, size in ((mmap, _KEPT_BYTES), (trim, _KEPT_BYTES), (top, _KEPT_BYTES // 16)):
            mallopt(option, size)


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


def _tensorstores(store: Path, recordings: list[Any]) -> dict[tuple[str, str], Any]:
    import tensorstore

    one = {"limit": 1}
    context = tensorstore.Context({"data_copy_concurrency": one, "file_io_concurrency": one})
    return {
        (recording.name, str(modality)): tensorstore.open({
            "driver": "zarr3",
            "kvstore": f"file://{store}/{schema.RECORDINGS}/{recording.name}/{modality}/",
        }, context=context).result()
        for recording in recordings
        for modality in recording.modalities
    }  # fmt: skip


def _arrays(recordings: list[Any]) -> dict[tuple[str, str], Any]:
    """Return zarr's arrays, opened with the pipeline that is set at this moment."""
    return {
        (recording.name, str(modality)): zarr.open_array(
            recording.group.store, path=f"{recording.group.path}/{modality}", mode="r"
        )
        for recording in recordings
        for modality in recording.modalities
    }


def _faster_loop() -> None:
    """Have zarr-python begin a new event loop, of uvloop's kind where that can be had."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ModuleNotFoundError:
        return  # there is none for Windows
    from zarr.core.sync import cleanup_resources

    cleanup_resources()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def _cpu_s(read: Callable[[], None]) -> float:
    start = time.process_time()
    read()
    return time.process_time() - start
