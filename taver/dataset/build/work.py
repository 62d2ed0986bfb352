"""Cuts and writes one block: what a worker does, in this process, another one, or elsewhere."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from calibration import store as rigs
from taver.core.frames import Modality
from taver.dataset import marks, planes, schema
from taver.dataset.build.cutter import FaceCutter
from taver.dataset.build.places import BLOCKS, staging_at
from taver.dataset.build.source import Source
from taver.dataset.build.whole import FrameCutter
from taver.faces.jobs import forget as forget_models

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.rig import Rig
    from taver.core.study import Study
    from taver.dataset.build.cutter import Cutter
    from taver.dataset.build.job import Block, Cut

MARK: Final = " digest"  # behind a modality's name: of the block's pictures
_KINDS: Final[dict[str, type[FaceCutter | FrameCutter]]] = {
    "face": FaceCutter,
    "frame": FrameCutter,
}


class Done(NamedTuple):
    """A block that is written."""

    recording: str
    slots: int
    chunks: int  # files or objects of pictures


def work(block: Block) -> Done:
    """Cut a block's pictures and write them; last, so that it counts only then, what they are."""
    cutter = _cutter(block.cut)
    columns: dict[str, npt.NDArray[Any]] = {}
    staging = staging_at(block.staging)
    with staging.helping():
        chunks = 0
        for modality in block.cut.modalities:
            pictures, valid, taken_ns = _pictures(cutter, modality, block)
            group = staging.recording(block.cut.recording)
            array = planes.writer(group[modality.value])
            array[block.first : block.first + block.count] = pictures
            chunks += bool(pictures.any())
            columns[f"{modality}_valid"] = valid
            columns[f"{modality}_ns"] = taken_ns
            columns[f"{modality}{MARK}"] = np.array([marks.mark([pictures])])
        staging.put(key_of(block), _packed(columns))
    return Done(block.cut.recording, block.count, chunks)


def notes_of(recording: str) -> str:
    """Return how the names begin under which it is noted what is done of a recording."""
    return f"{BLOCKS}/{recording}/"


def key_of(block: Block) -> str:
    """Return under which name it is noted that a block is done."""
    return f"{notes_of(block.cut.recording)}{block.cut.key}/{block.first:08d}.npz"


def unpacked(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that a finished block noted."""
    with np.load(io.BytesIO(data)) as kept:
        return {name: kept[name] for name in kept.files}


def _packed(columns: dict[str, npt.NDArray[Any]]) -> bytes:
    data = io.BytesIO()
    np.savez(data, **columns)  # type: ignore[arg-type]  # its stubs take names for options
    return data.getvalue()


def _pictures(
    cutter: Cutter, modality: Modality, block: Block
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return a block of one modality: its pictures, which hold the face, and when they were taken.

    What is not valid is 0 throughout: half a face at the edge of the picture is none. The other way
    round, too: a picture that is black throughout shows nothing, and zarr would not write it.
    """
    cut = block.cut
    column = schema.SCHEMA[modality.value]
    shape = schema.shape_of(column, slots=block.count, size_px=cut.size_px, raters=0)
    pictures = np.zeros(shape, column.dtype)
    valid, taken_ns = np.zeros(block.count, np.bool_), np.zeros(block.count, np.int64)
    for place in range(block.count):
        slot = block.first + place
        frame = cutter.source.frame(modality, slot)
        if frame < 0:
            continue
        taken_ns[place] = cutter.source.time_ns(modality, frame)
        picture = cutter.cut(modality, slot, frame)
        if picture is None or picture.seen < max(cut.least_seen, 1e-6):
            continue
        if not picture.values.any():
            continue
        pictures[place], valid[place] = picture.values, True
    return pictures, valid, taken_ns


_open = threading.local()  # the last recording of each thread: its next block is likely next


def _cutter(cut: Cut) -> Cutter:
    kept: Cutter | None = getattr(_open, "cutter", None)
    if kept is None or kept.source.cut != cut:
        forget()
        forget_models()  # a process may have looked for faces first
        source = Source.of(cut)
        kept = _KINDS[cut.crop](source, rig_of(source.study, cut))
        _open.cutter = kept
    return kept


def forget() -> None:
    """Let go of the files that are kept open for the next block."""
    kept: Cutter | None = getattr(_open, "cutter", None)
    if kept is not None:
        kept.source.close()
        _open.cutter = None


def rig_of(study: Study, cut: Cut) -> Rig | None:
    """Return the calibration; the plan has seen that it fits, and that there is one if need be."""
    needed = Modality.DEPTH in cut.modalities or cut.crop == "frame"
    if not needed or not study.rig_file.is_file():
        return None
    return rigs.read(study.rig_file)
