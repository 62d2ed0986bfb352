"""Looks at every chunk and every value of a dataset for what is damaged or contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taver.core.digest import sha256_of
from taver.core.errors import TaverError
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.dataset import marks, schema, split
from taver.dataset.documents.sums import listed, of_another_build, place_of
from taver.dataset.stores import local_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.dataset.read import Dataset, Recording


def verify(data: Dataset, progress: Progress | None = None) -> list[str]:
    """Return everything that is wrong with a dataset, in words; every chunk is unpacked.

    All values are compared with the digests that a build left. Where its documents were made, every
    file is also compared with its checksum. Documents of another build have
    no checksums of this one: see `outlived`.
    """
    progress = progress or Silent()
    progress.begin("Checking", len(data.recordings) + 1)
    found = split.problems(data.splits, data.people)
    for recording in data.recordings.values():
        found += [f"{recording.name}: {wrong}" for wrong in _recording(recording)]
        progress.advance()
    folder = local_folder(data.root)
    if folder is not None and not outlived(data):
        found += _files(folder)
    progress.advance()
    return found


def has_sums(data: Dataset) -> bool:
    """Tell whether there are checksums to compare the dataset's files with."""
    folder = local_folder(data.root)
    return folder is not None and place_of(folder).is_file()


def has_digests(data: Dataset) -> bool:
    """Tell whether there is one to compare each of its arrays with."""
    return all(
        marks.of(one.attributes).keys() >= schema.columns_of(one.modalities).keys()
        for one in data.recordings.values()
    )


def outlived(data: Dataset) -> Path | None:
    """Return the documents that were written of another build than the one that is there now."""
    folder = local_folder(data.root)
    if folder is None or not of_another_build(folder):
        return None
    return place_of(folder).parent


def _recording(recording: Recording) -> Iterator[str]:
    columns: dict[str, Any] = {}
    digests = marks.of(recording.attributes)
    for name in recording.columns():
        try:
            columns[name] = recording.column(name)
        except (TaverError, ValueError, RuntimeError, OSError) as error:
            yield f"{name} cannot be read: {error}"
            continue
        if name in digests and marks.of_column(name, columns[name]) != digests[name]:
            yield f"{name} holds other values than were written"
    yield from _contradictions(recording, columns)
    for modality in recording.modalities:
        valid = columns.get(f"{modality}_valid")
        yield from _pictures(recording, modality, valid, digests.get(modality.value))


def _pictures(
    recording: Recording, modality: str, valid: Any, digests: list[str] | None
) -> Iterator[str]:
    """Unpack every chunk of a modality's pictures."""
    for number, shard in enumerate(marks.shards(recording.slots)):
        parts: list[Any] = []
        wrong: list[str] = []
        for first in shard[:: schema.CHUNK_FRAMES]:
            slots = np.arange(first, min(first + schema.CHUNK_FRAMES, shard.stop))
            try:
                parts.append(recording.pictures(modality, slots))
            except (TaverError, ValueError, RuntimeError, OSError) as error:
                wrong.append(f"{modality}: {error}")
                continue
            if valid is not None:
                wrong += _empty(modality, slots, parts[-1], valid)
        if (
            not wrong
            and digests is not None
            and digests[number : number + 1] != [marks.mark(parts)]
        ):
            wrong.append(
                f"{modality}: slots {shard[0]} to {shard[-1]} hold other values than were written"
            )
        yield from wrong


def _empty(modality: str, slots: Any, pictures: Any, valid: Any) -> Iterator[str]:
    empty = ~pictures.reshape(len(slots), -1).any(axis=1) & valid[slots]
    if empty.any():
        told = ", ".join(str(slot) for slot in slots[empty])
        yield f"{modality}: nothing is in slots {told}, which are marked as valid"


def _contradictions(recording: Recording, columns: dict[str, Any]) -> Iterator[str]:
    """Yield where values cannot be: times that go back, labels beyond the scale."""
    times = columns.get("time_ns")
    if times is not None and (np.diff(times) <= 0).any():
        yield "time_ns goes back or stands"
    low, high = recording.attributes["scale"]
    for dimension in ("arousal", "valence"):
        for name, least, most in (
            (dimension, -1.0, 1.0), (f"{dimension}_raters", low, high),
        ):  # fmt: skip
            values = columns.get(name)
            if values is not None and ((values < least) | (values > most)).any():
                yield f"{name} leaves the scale of {least:g} to {most:g}"
    face = columns.get("face")
    points = columns.get("landmarks")
    if face is not None and face.size and face.max() > 3:
        yield f"face is {face.max()}, beyond 3"
    if face is not None and points is not None and np.isfinite(points[face == 0]).any():
        yield "there are landmarks where the face is lost"


def _files(folder: Path) -> Iterator[str]:
    """Yield the files that are not as their checksums say, are gone, or have come."""
    sums = listed(folder)
    if not sums:
        return
    with explained(folder):
        there = {
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        }
    yield from (f"{name} is gone" for name in sorted(set(sums) - there))
    yield from (
        f"{name} was not there when checksums were made" for name in sorted(there - set(sums))
    )
    for name in sorted(there & set(sums)):
        if sha256_of(folder / name) != sums[name]:
            yield f"{name} has changed since checksums were made"
