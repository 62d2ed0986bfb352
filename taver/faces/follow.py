"""The first pass: every colour frame, in order, one row each; kept on disk block by block.

A block that is done is a file; with the tracker's memory in it, a run that was stopped goes on
behind the last one and finds what it would have found.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core import atomic
from taver.core.errors import DataError
from taver.core.private import make_private_folder
from taver.core.storage import explained
from taver.faces.points import COUNT
from taver.faces.schema import Flaw
from taver.faces.signals import look_of
from taver.faces.track import FRESH, Memory, Tracker
from taver.faces.view import Stored

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.progress import Progress
    from taver.faces.home import Home
    from taver.faces.kit import Kit
    from taver.faces.streams import Streams

    Columns = dict[str, npt.NDArray[Any]]

BLOCK: Final = 256
_FOLDER: Final = ".faces.partial"
_LOOKS: Final = ("sharpness", "exposure", "clipped")


def follow(
    streams: Streams, kit: Kit, home: Home, folder: Path, key: str, progress: Progress
) -> Columns:
    """Return the rows of all colour frames: state, score, points, looks, flaws.

    `key` tells runs apart that would find other things; blocks of another one are not used.
    """
    frames = len(streams.color)
    kept = _Kept(folder, key)
    blocks: list[Columns] = []
    tracker = Tracker(kit.chips, kit.detector, home)
    for number, first in enumerate(range(0, frames, BLOCK)):
        end = min(first + BLOCK, frames)
        block = kept.read(number)
        if block is None or len(block["state"]) != end - first:
            block = _block(streams, tracker, first, end, progress)
            kept.write(number, {**block, **_packed(tracker.memory)})
        else:
            tracker.memory = _unpacked(block)
            progress.advance(end - first)
        blocks.append(block)
    names = _empty(0)
    return {name: np.concatenate([block[name] for block in blocks]) for name in names}


def forget(folder: Path) -> None:
    """Delete what was kept of unfinished runs."""
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)


def _block(streams: Streams, tracker: Tracker, first: int, end: int, progress: Progress) -> Columns:
    color = streams.color
    header = color.header
    rows = _empty(end - first)
    for row, number in enumerate(range(first, end)):
        try:
            stored = color.read(number)
            rows["number"][row] = stored.stamp.number
            view = Stored(stored.data, header.width_px, header.height_px)
            step = tracker.step(view, int(color.unix_ns[number]))
        except DataError:
            rows["flaws"][row] |= Flaw.COLOR_DAMAGED
            tracker.skip()
            progress.advance()
            continue
        rows["state"][row], rows["score"][row] = step.state, step.score
        if step.other_person:
            rows["flaws"][row] |= Flaw.OTHER_PERSON
        if step.points is not None and step.chip is not None:
            rows["points"][row] = step.points
            for name, value in zip(_LOOKS, look_of(step.chip), strict=True):
                rows[name][row] = value
        progress.advance()
    return rows


def _empty(count: int) -> Columns:
    return {
        "number": np.full(count, -1, np.int64),
        "state": np.zeros(count, np.uint8),
        "score": np.full(count, np.nan),
        "flaws": np.zeros(count, np.uint16),
        "points": np.full((count, COUNT, 2), np.nan),
        **{name: np.full(count, np.nan) for name in _LOOKS},
    }


class _Kept:
    """The blocks of one run, each a file."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / _FOLDER / key
        for other in (folder / _FOLDER).glob("*"):
            if other.name != key:
                shutil.rmtree(other, ignore_errors=True)

    def read(self, number: int) -> Columns | None:
        """Return a block, or None if it is not there or not whole."""
        try:
            with np.load(self._file(number), allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def write(self, number: int, block: Columns) -> None:
        with explained(self._folder):
            for folder in (self._folder.parent, self._folder):
                if not folder.is_dir():
                    make_private_folder(folder)
        data = io.BytesIO()
        np.savez(data, allow_pickle=False, **block)
        atomic.write_bytes(self._file(number), data.getvalue())

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:05d}.npz"


def _packed(memory: Memory) -> Columns:
    nothing = np.empty(0)
    return {
        "memory_points": nothing if memory.points is None else memory.points,
        "memory_moved_px": np.array(memory.moved_px),
        "memory_numbers": np.array([memory.seen_ns, memory.lost_frames, memory.waits], np.int64),
        "memory_searched": nothing if memory.searched is None else memory.searched,
    }


def _unpacked(block: Columns) -> Memory:
    x, y = block["memory_moved_px"].tolist()
    seen_ns, lost, waits = block["memory_numbers"].tolist()
    points, searched = block["memory_points"], block["memory_searched"]
    return FRESH._replace(
        points=points if points.size else None,
        moved_px=(x, y),
        seen_ns=seen_ns,
        lost_frames=lost,
        waits=waits,
        searched=searched if searched.size else None,
    )
