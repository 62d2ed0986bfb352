"""How other programs open a dataset's pictures, each set to what it is best with."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

import zarr

from taver.dataset import schema

if TYPE_CHECKING:
    from pathlib import Path

ZARRS = "zarrs.ZarrsCodecPipeline"
# A limit makes zarr wrap each chunk in a task more; threads beyond one only hand it about; a
# shard's chunks are decoded in one go (the codecs inside a shard ask for this at each read).
BEST_OF_ZARR = {
    "async.concurrency": None,
    "threading.max_workers": 1,
    "codec_pipeline.batch_size": schema.SHARD_FRAMES,
}


def tensorstores(store: Path, recordings: list[Any]) -> dict[tuple[str, str], Any]:
    """Return tensorstore's arrays, by one thread; names of axes cost at each read, so without."""
    import tensorstore

    one = {"limit": 1}
    context = tensorstore.Context({"data_copy_concurrency": one, "file_io_concurrency": one})
    opened = {}
    for recording in recordings:
        for modality in recording.modalities:
            array = tensorstore.open({
                "driver": "zarr3",
                "kvstore": f"file://{store}/{schema.RECORDINGS}/{recording.name}/{modality}/",
            }, context=context).result()  # fmt: skip
            nameless = tensorstore.d[:].label[("",) * array.rank]
            opened[recording.name, str(modality)] = array[nameless]
    return opened


def arrays(recordings: list[Any]) -> dict[tuple[str, str], Any]:
    """Return zarr's arrays, opened with the pipeline that is set at this moment."""
    return {
        (recording.name, str(modality)): zarr.open_array(
            recording.group.store, path=f"{recording.group.path}/{modality}", mode="r"
        )
        for recording in recordings
        for modality in recording.modalities
    }


def faster_loop() -> None:
    """Have zarr-python begin a new event loop, of uvloop's kind where that can be had."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ModuleNotFoundError:
        return  # there is none for Windows
    from zarr.core.sync import cleanup_resources

    cleanup_resources()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
