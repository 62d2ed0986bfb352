"""Tells whether an array still holds the values that a build wrote, by digests in the attributes.

An array has one, pictures have one a shard. It is of the values, not of the files: whoever copies
or repacks a dataset keeps it. What was not made by a build may have none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    Marks = Mapping[str, list[str]]

ATTRIBUTE: Final = "digests"
_DIGITS: Final = 32


def mark(parts: Iterable[npt.NDArray[Any]]) -> str:
    """Return the digest of values that come in parts."""
    digest = hashlib.sha256()
    for values in parts:
        if values.dtype.kind == "f":  # a NaN is a NaN, whatever its other bits
            values = np.where(np.isnan(values), values.dtype.type(np.nan), values)  # noqa: PLW2901
        digest.update(values.tobytes())
    return digest.hexdigest()[:_DIGITS]


def of_column(name: str, values: npt.NDArray[Any]) -> list[str]:
    """Return the digests of an array of one value a slot, as it is stored."""
    return [mark([values.astype(schema.SCHEMA[name].dtype)])]


def ordered(marks: Marks) -> dict[str, list[str]]:
    """Return them as they stand in the attributes: however a build came about."""
    return {name: list(marks[name]) for name in schema.SCHEMA if name in marks}


def of(attributes: Mapping[str, Any]) -> Marks:
    """Return those that a recording's attributes tell."""
    told: Marks = attributes.get(ATTRIBUTE) or {}
    return told


def without(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recording's attributes but these."""
    return {name: value for name, value in attributes.items() if name != ATTRIBUTE}


def shards(slots: int) -> Iterator[range]:
    """Yield which slots of pictures each digest is of."""
    for first in range(0, slots, schema.SHARD_FRAMES):
        yield range(first, min(first + schema.SHARD_FRAMES, slots))
