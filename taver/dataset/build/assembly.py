"""Puts a dataset together in its staging place, taking over whatever has not changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from taver.core.errors import DataError
from taver.dataset import create, schema
from taver.dataset.build.job import blocks_of
from taver.dataset.build.rated import LABELS
from taver.dataset.build.recordings import names_of
from taver.dataset.build.work import block_key, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.dataset.build.job import Block
    from taver.dataset.build.places import Staging
    from taver.dataset.build.recordings import Planned


class Assembly:
    """The dataset to be; a build that was stopped is gone on with."""

    def __init__(self, staging: Staging, before: Any | None, attributes: dict[str, Any]) -> None:
        self.root = create.root(staging.store(), attributes)
        self.chunks_written = 0
        self.labels_written = 0
        self._staging = staging
        self._before = {} if before is None else dict(before[schema.RECORDINGS].groups())
        self._size_px = attributes["size_px"]

    def missing_blocks(self, wanted: Sequence[Planned]) -> list[Block]:
        """Make room for every recording, and return which of its blocks are not there yet."""
        recordings = self.root[schema.RECORDINGS]
        planned = {one.name: one for one in wanted}
        for name, group in dict(recordings.groups()).items():
            mine = planned.get(name)
            if mine is None or _made(group, "pixels") != mine.pixels_key:
                self._staging.drop(name)
        missing: list[Block] = []
        for one in wanted:
            group = create.recording(recordings, one.name, one.attributes)
            if self._reused(one, "pixels"):
                continue
            self._make(group, one, names_of(one))
            done = set(self._staging.keys(f"blocks/{one.cut.key}"))
            missing += [b for b in self._blocks(one) if block_key(b.cut, b.first) not in done]
        return missing

    def finish(self, one: Planned) -> None:
        """Write what of a recording does not come in blocks."""
        group = self.root[schema.RECORDINGS][one.name]
        if self._reused(one, "pixels"):
            for name in names_of(one):
                self._staging.reuse(one.name, name)
        else:
            parts = [self._noted(block) for block in self._blocks(one)]
            noted = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            self._write(group, {**one.values, **noted})
        if self._reused(one, "labels"):
            for name in LABELS:
                self._staging.reuse(one.name, name)
        else:
            for name in LABELS:
                if name in group:
                    del group[name]  # of a build that was stopped, with other raters
            self._make(group, one, LABELS)
            self._write(group, one.labels)
            self.labels_written += 1
        group.attrs.put(one.attributes)

    def _make(self, group: Any, one: Planned, names: Sequence[str]) -> None:
        there = {name for name, _ in group.arrays()}
        raters = len(one.attributes["raters"])
        for name in names:
            if name not in there:
                create.array(group, name, slots=one.cut.slots, size_px=self._size_px, raters=raters)

    def _write(self, group: Any, columns: dict[str, Any]) -> None:
        for name, values in columns.items():
            array = group[name]
            array[...] = values
            if values.size:
                sides = zip(array.shape, array.chunks, strict=True)
                self.chunks_written += math.prod(-(-side // chunk) for side, chunk in sides)

    def _blocks(self, one: Planned) -> list[Block]:
        return list(blocks_of(one.cut, self._staging.address, schema.SHARD_FRAMES))

    def _noted(self, block: Block) -> dict[str, Any]:
        data = self._staging.get(block_key(block.cut, block.first))
        if data is None:
            raise DataError(
                f"A part of {block.cut.recording} that was written is gone again",
                fix="run again: it is made anew",
            )
        return unpacked(data)

    def _reused(self, one: Planned, what: str) -> bool:
        """Tell whether the published dataset has these very pictures, or labels."""
        group = self._before.get(one.name)
        return group is not None and _made(group, what) == one.attributes["made"][what]


def _made(group: Any, what: str) -> Any:
    return dict(group.attrs).get("made", {}).get(what)
