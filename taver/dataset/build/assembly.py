"""Puts a dataset together in its staging place, taking over whatever has not changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from taver.core.errors import DataError
from taver.dataset import create, marks, schema
from taver.dataset.build.job import blocks_of
from taver.dataset.build.places import BLOCKS
from taver.dataset.build.rated import LABELS
from taver.dataset.build.recordings import names_of
from taver.dataset.build.work import MARK, key_of, notes_of, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.dataset.build.job import Block
    from taver.dataset.build.kept import Kept
    from taver.dataset.build.places import Staging
    from taver.dataset.build.recordings import Planned


class Assembly:
    """The dataset to be; a build that was stopped is gone on with."""

    def __init__(self, staging: Staging, kept: Kept, attributes: dict[str, Any]) -> None:
        self.root = create.root(staging.store(), attributes)
        self.chunks_written = 0
        self.labels_written = 0
        self._staging = staging
        self._kept = kept
        self._size_px = attributes["size_px"]

    def missing_blocks(self, wanted: Sequence[Planned]) -> list[Block]:
        """Make room for every recording, and return which of its blocks are not there yet."""
        recordings = self.root[schema.RECORDINGS]
        planned = {one.name: one for one in wanted}
        begun = {
            name: name in planned and _made(group, "pixels") == planned[name].pixels_key
            for name, group in recordings.groups()
        }
        noted = set(self._staging.keys(BLOCKS))
        for name in begun.keys() - planned.keys():
            self._staging.drop(name)
        missing: list[Block] = []
        for one in wanted:
            kept = one.name in self._kept.pictures
            blocks = [] if kept else self._blocks(one)
            # A note counts only where the pictures that it tells of lie, in this very recording.
            done = noted.intersection(map(key_of, blocks)) if begun.get(one.name) else set()
            if not done and (one.name in begun or _any_of(noted, one.name)):
                self._staging.drop(one.name)
            group = create.recording(recordings, one.name, one.attributes)
            if not kept:
                self._make(group, one, names_of(one))
                missing += [block for block in blocks if key_of(block) not in done]
        return missing

    def finish(self, one: Planned) -> None:
        """Write what of a recording does not come in blocks."""
        group = self.root[schema.RECORDINGS][one.name]
        names = schema.columns_of(one.cut.modalities)
        earlier = self._kept.marks.get(one.name, {})
        digests = {name: earlier[name] for name in names if name in earlier}
        if one.name in self._kept.pictures:
            for name in names_of(one):
                self._staging.reuse(one.name, name)
        else:
            parts = [self._noted(block) for block in self._blocks(one)]
            noted = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            for modality in one.cut.modalities:
                digests[modality.value] = noted.pop(f"{modality}{MARK}").tolist()
            self._write(group, {**one.values, **noted}, digests)
        if one.name in self._kept.labels:
            for name in LABELS:
                self._staging.reuse(one.name, name)
        else:
            for name in LABELS:
                if name in group:
                    del group[name]  # of a build that was stopped, with other raters
            self._make(group, one, LABELS)
            self._write(group, one.labels, digests)
            self.labels_written += 1
        group.attrs.put({**one.attributes, marks.ATTRIBUTE: marks.ordered(digests)})

    def _make(self, group: Any, one: Planned, names: Sequence[str]) -> None:
        there = {name for name, _ in group.arrays()}
        raters = len(one.attributes["raters"])
        for name in names:
            if name not in there:
                create.array(group, name, slots=one.cut.slots, size_px=self._size_px, raters=raters)

    def _write(self, group: Any, columns: dict[str, Any], digests: dict[str, list[str]]) -> None:
        for name, values in columns.items():
            array = group[name]
            array[...] = values
            digests[name] = marks.of_column(name, values)
            if values.size:
                sides = zip(array.shape, array.chunks, strict=True)
                self.chunks_written += math.prod(-(-side // chunk) for side, chunk in sides)

    def _blocks(self, one: Planned) -> list[Block]:
        return list(blocks_of(one.cut, self._staging.address, schema.SHARD_FRAMES))

    def _noted(self, block: Block) -> dict[str, Any]:
        data = self._staging.get(key_of(block))
        if data is None:
            raise DataError(
                f"A part of {block.cut.recording} that was written is gone again",
                fix="run again: it is made anew",
            )
        return unpacked(data)


def _made(group: Any, what: str) -> Any:
    return dict(group.attrs).get("made", {}).get(what)


def _any_of(noted: set[str], name: str) -> bool:
    begins = notes_of(name)
    return any(key.startswith(begins) for key in noted)
