"""Packs 16-bit pictures as Blosc does, and leaves bytes as they are where packing gains little.

A chunk's low bytes are apart from its high bytes ("shuffled"). The low ones are mostly noise, of
which LZ4 takes a twentieth, and which it then unpacks slowly; the high ones hardly change. Blosc's
own compressors take both. Its format, however, says of each plane whether it is packed, and any
Blosc reads this:

    header   2, 1, flags, bytes a value; as int32: bytes unpacked, bytes a block, bytes in all
    int32    where the block begins: there is one
    planes   of each as int32 how many bytes follow; as many as unpacked are as they were

https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
"""

from __future__ import annotations

import dataclasses
import importlib.util
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from zarr import Array, AsyncArray
from zarr.codecs import BloscCodec

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer

# Blosc takes planes apart only where they have 128 bytes and more.
_LEAST_BYTES: Final = 128
_HEADER: Final = struct.Struct("<BBBBiii")
_INT: Final = struct.Struct("<i")
_SHUFFLED: Final = 0x01
_LZ4: Final = 1 << 5


class Planes(BloscCodec):
    """Blosc's codec for zarr, which chooses of each plane whether to pack it."""

    async def _encode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer | None:
        packed = pack(chunk_bytes.as_numpy_array(), self.typesize, chunk_spec.shape)
        if packed is None:
            return await super()._encode_single(chunk_bytes, chunk_spec)
        return chunk_spec.prototype.buffer.from_bytes(packed)


def writer(array: Any) -> Any:
    """Return the same array to write into: what zarr would pack as LZ4 is packed by planes.

    Without numba, which all that builds datasets has, the array stays as it is: what is written is
    right, and slower to read.
    """
    sharding = array.metadata.codecs[0]
    inner = getattr(sharding, "codecs", ())
    last = inner[-1] if inner else None
    if not (isinstance(last, BloscCodec) and last.cname.value == "lz4" and last.typesize > 1):
        return array
    if importlib.util.find_spec("numba") is None:
        return array
    planes = Planes(
        typesize=last.typesize, cname=last.cname, clevel=last.clevel, shuffle=last.shuffle,
        blocksize=last.blocksize,
    )  # fmt: skip
    sharding = dataclasses.replace(sharding, codecs=(*inner[:-1], planes))
    metadata = dataclasses.replace(array.metadata, codecs=(sharding,))
    return Array(AsyncArray(metadata=metadata, store_path=array.store_path, config=array.config))


def pack(values: Any, width: int, shape: tuple[int, ...]) -> bytes | None:
    """Pack pictures of `width` bytes a value in one block; None where that gains nothing."""
    from taver.dataset import lz4  # compiles

    flat = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    planes = [np.ascontiguousarray(plane) for plane in flat.reshape(-1, width).T]
    if len(planes[0]) < _LEAST_BYTES:
        return None
    packed = [lz4.packed(plane, shape) for plane in planes]
    if not any(packed):
        return None
    parts = []
    for plane, small in zip(planes, packed, strict=True):
        data = small or plane.tobytes()
        parts += [_INT.pack(len(data)), data]
    body = b"".join(parts)
    begin = _HEADER.size + _INT.size
    size = begin + len(body)
    header = _HEADER.pack(2, 1, _SHUFFLED | _LZ4, width, len(flat), len(flat), size)
    return header + _INT.pack(begin) + body
