"""Makes the groups and arrays of the schema's table, still empty, in any store of zarr's.

How pictures are packed was measured on simulated crops, above all by how fast they are read. Colour
stays as it is: LZ4 takes 2 % off it, and reading would take three times as long. Depth and heat are
packed to a half, on shuffled bytes, each chunk in one block, and of these only the plane that packs
well (`planes`): that is read two to three times as fast as both planes by LZ4, and no larger.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROWS_A_CHUNK: Final = 4096
_PACKED: Final = ("depth", "thermal")
# "c.7.0.0" beside its zarr.json, not "c/7/0/0": four folders fewer to walk each time it is opened.
_BETWEEN: Final = "."


def root(store: Any, attributes: Mapping[str, Any]) -> Any:
    """Make the group of the whole dataset; what is in it already stays."""
    import zarr

    told = {"format": schema.FORMAT, "version": schema.VERSION, **attributes}
    made = zarr.open_group(store, mode="a", zarr_format=3)
    made.attrs.put(told)
    made.require_group(schema.RECORDINGS)
    return made


def recording(parent: Any, name: str, attributes: Mapping[str, Any]) -> Any:
    """Make the group of a recording; the arrays in it already stay."""
    made = parent.require_group(name)
    made.attrs.put(dict(attributes))
    return made


def array(group: Any, name: str, *, slots: int, size_px: int, raters: int) -> Any:
    """Make one array of a recording; pictures in shards of many chunks, all else in few chunks."""
    from zarr.codecs import BloscCodec

    column = schema.SCHEMA[name]
    shape = schema.shape_of(column, slots=slots, size_px=size_px, raters=raters)
    picture = name in schema.PICTURES
    inner = tuple(max(side, 1) for side in shape[1:])
    chunk_bytes = _bytes_of(column) * schema.CHUNK_FRAMES * math.prod(inner)
    packing = BloscCodec(
        cname="lz4", clevel=9, shuffle="shuffle", typesize=_bytes_of(column),
        blocksize=chunk_bytes if picture else 0,
    )  # fmt: skip
    return group.create_array(
        name,
        shape=shape,
        dtype=column.dtype,
        chunks=(schema.CHUNK_FRAMES if picture else min(max(slots, 1), _ROWS_A_CHUNK), *inner),
        shards=(schema.SHARD_FRAMES, *inner) if picture else None,
        compressors=packing if not picture or name in _PACKED else None,
        chunk_key_encoding={"name": "default", "separator": _BETWEEN},
        fill_value=float("nan") if column.dtype.startswith("float") else 0,
        dimension_names=("slot", *(f"{name}_{n}" for n in range(len(shape) - 1))),
        attributes={
            "unit": column.unit,
            "meaning": column.meaning,
            **({"missing": 0} if picture else {}),
        },
    )


def _bytes_of(column: schema.Column) -> int:
    import numpy as np

    return np.dtype(column.dtype).itemsize
