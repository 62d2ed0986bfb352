"""In what two datasets differ: attributes, recordings, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.progress import Silent
from taver.dataset import marks, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.progress import Progress
    from taver.dataset.read import Dataset, Recording

_AT_ONCE: Final = 256


def differences(one: Dataset, other: Dataset, progress: Progress | None = None) -> list[str]:
    """Return in what they differ, in words; nothing means they hold the same."""
    progress = progress or Silent()
    found = list(_attributes("", one.attributes, other.attributes))
    found += [
        f"{name}: only in the first" for name in one.recordings if name not in other.recordings
    ]
    found += [
        f"{name}: only in the second" for name in other.recordings if name not in one.recordings
    ]
    both = [name for name in one.recordings if name in other.recordings]
    progress.begin("Comparing", len(both))
    for name in both:
        found += [
            f"{name}: {told}" for told in _recording(one.recordings[name], other.recordings[name])
        ]
        progress.advance()
    return found


def _attributes(where: str, one: Any, other: Any) -> Iterator[str]:
    """Yield the attributes that differ, those inside others by their path."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _attributes(
                f"{where}.{key}" if where else str(key), one.get(key), other.get(key)
            )
    elif one != other:
        yield f"{where} is {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _recording(one: Recording, other: Recording) -> Iterator[str]:
    yield from _attributes("", marks.without(one.attributes), marks.without(other.attributes))
    if one.slots != other.slots:
        yield f"{one.slots} and {other.slots} slots"
        return
    for name in one.columns():
        if name not in other.columns():
            yield f"{name}: only in the first"
            continue
        yield from _values(name, one.column(name), other.column(name))
    yield from (
        f"{name}: only in the second" for name in other.columns() if name not in one.columns()
    )
    for modality in one.modalities:
        if modality in other.modalities:
            yield from _pictures(one, other, modality)


def _values(name: str, one: Any, other: Any) -> Iterator[str]:
    if one.shape != other.shape:
        yield f"{name} is {one.shape} and {other.shape}"
        return
    if one.dtype.kind == "f":
        unlike = ~((one == other) | (np.isnan(one) & np.isnan(other)))
    else:
        unlike = one != other
    slots = unlike.reshape(len(unlike), -1).any(axis=1)
    if slots.any():
        told = f"{name} differs in {int(slots.sum())} of {len(slots)} slots"
        if one.dtype.kind in "fiu":
            apart = np.abs(one.astype(np.float64) - other.astype(np.float64))[unlike]
            apart = apart[np.isfinite(apart)]
            if apart.size:
                told += f", by up to {apart.max():g}{_unit(name)}"
        yield told


def _pictures(one: Recording, other: Recording, modality: str) -> Iterator[str]:
    if one.size_px != other.size_px:
        return  # an attribute says so already
    unlike, most = 0, 0
    for first in range(0, one.slots, _AT_ONCE):
        slots = np.arange(first, min(first + _AT_ONCE, one.slots))
        a, b = one.pictures(modality, slots), other.pictures(modality, slots)
        if np.array_equal(a, b):
            continue
        apart = np.abs(a.astype(np.int32) - b.astype(np.int32)).reshape(len(slots), -1).max(axis=1)
        unlike += int((apart > 0).sum())
        most = max(most, int(apart.max(initial=0)))
    if unlike:
        unit = _unit(modality)
        yield f"{modality} differs in {unlike} of {one.slots} slots, by up to {most}{unit}"


def _unit(name: str) -> str:
    unit = schema.SCHEMA[name].unit
    return f" {unit}" if unit and unit[0].isalpha() else ""
