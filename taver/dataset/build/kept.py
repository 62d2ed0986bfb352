"""What of the dataset that is there can be taken over: it is as it would be made, and whole.

Pictures are not unpacked for that. Where some are valid their shard has to be there, with an index
that checks; all else of a recording is read and compared with what would be written. Under an
address only the digests are compared, because each look costs a request.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from taver.core.errors import DataError, TaverError
from taver.dataset import marks, schema
from taver.dataset.build.rated import LABELS
from taver.dataset.build.recordings import names_of
from taver.dataset.fast import Sharded, pictures_of
from taver.dataset.shard import open_shard
from taver.dataset.stores import local_folder, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from taver.dataset.build.recordings import Planned
    from taver.dataset.marks import Marks


class Kept(NamedTuple):
    """The recordings of which the pictures, or the labels, need not be made again."""

    pictures: frozenset[str] = frozenset()  # and all that comes of faces
    labels: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()  # what is made again although nothing it is made of has changed
    marks: Mapping[str, Marks] = MappingProxyType({})  # the digests of all recordings there are


def kept_of(before: Any, wanted: Sequence[Planned]) -> Kept:
    """Compare an open dataset with the recordings that there are to be."""
    pictures: set[str] = set()
    labels: set[str] = set()
    notes: list[str] = []
    try:
        there = dict(before[schema.RECORDINGS].groups())
        told_of = {name: dict(group.attrs) for name, group in there.items()}
        nearby = local_folder(before) is not None
    except (TaverError, LookupError, ValueError, OSError) as error:
        return Kept(notes=(f"what was there cannot be read, and is made anew: {error}",))
    for one in wanted:
        told = told_of.get(one.name, {}).get("made", {})
        for what, names, kept in (
            ("pixels", names_of(one), pictures),
            ("labels", LABELS, labels),
        ):
            if told.get(what) != one.attributes["made"][what]:
                continue
            digests = marks.of(told_of[one.name])
            wrong = _wrong(there[one.name], one, names, digests) if nearby else None
            if wrong is None:
                kept.add(one.name)
            else:
                notes.append(f"{one.name}: damaged, and made anew: {wrong}")
    every = {name: marks.of(told) for name, told in told_of.items()}
    return Kept(frozenset(pictures), frozenset(labels), tuple(notes), every)


def _wrong(group: Any, one: Planned, names: Iterable[str], digests: Marks) -> str | None:
    """Return the first of these arrays that is not as it was written, in words, or None."""
    expected = {**one.values, **one.labels}
    columns: dict[str, npt.NDArray[Any]] = {}
    for name in sorted(names, key=schema.PICTURES.__contains__):  # pictures last
        try:
            if name in schema.PICTURES:
                _check_shards(group[name], columns[f"{name}_valid"])
                continue
            columns[name] = values_of(group[name], name)
        except LookupError:
            return f"{name} is not there"
        except (TaverError, ValueError, TypeError, OSError) as error:
            return f"{name}: {error}"
        changed = name in digests and digests[name] != marks.of_column(name, columns[name])
        if changed or (name in expected and not _same(columns[name], expected[name])):
            return f"{name} holds other values than were written"
    return None


def _same(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _check_shards(array: Any, valid: npt.NDArray[np.bool_]) -> None:
    """Raise DataError where a shard is damaged or gone, or holds what is not valid."""
    reader = pictures_of(array)
    if len(valid) != reader.shape[0]:
        raise DataError("it has another length than the pictures", fix="build it again")
    if not isinstance(reader, Sharded):
        return
    for number, first in enumerate(range(0, len(valid), reader.per_shard)):
        path = reader.file_of(number)
        shard = open_shard(path, reader.chunks_a_shard, index_first=reader.index_first)
        if (shard is not None) != bool(valid[first : first + reader.per_shard].any()):
            said = "is gone" if shard is None else "is there, of pictures said to be missing"
            raise DataError(f"{path} {said}", fix="build it again")
