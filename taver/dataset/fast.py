"""Reads pictures of one array into a given buffer: from its shards, from memory, or by zarr.

The shards are those of the Zarr v3 specification ("sharding_indexed"): whole chunks one behind the
other, and an index of (offset, bytes) a chunk. The index is read once, the file is mapped, and a
chunk is unpacked straight to where it is wanted. What is stored in any other way goes by zarr.
"""

from __future__ import annotations

import collections
import itertools
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from taver.core.errors import DataError
from taver.dataset.edition import Edition
from taver.dataset.shard import open_shard
from taver.dataset.stores import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

_MOST_OPEN: Final = 256  # mapped files: a process may have some hundreds open
_KEPT: Final = 12  # unpacked chunks a thread: clips that overlap need the same ones again


class Pictures(Protocol):
    """An array of pictures that can be picked from."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def into(self, slots: Sequence[int], out: npt.NDArray[Any]) -> None:
        """Put the pictures of these slots into `out`, in their order; a range is the quickest."""
        ...


class Held:
    """Pictures that are in memory."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype

    def into(self, slots: Sequence[int], out: npt.NDArray[Any]) -> None:
        """Put the pictures of these slots into `out`, in their order."""
        if isinstance(slots, range):
            np.copyto(out, self.values[slots.start : slots.stop])
        else:
            # "clip" never clips here: callers have checked. "raise" would fill a copy first.
            np.take(self.values, slots, axis=0, out=out, mode="clip")


class ByZarr:
    """Pictures read by zarr-python: any store, any codec."""

    def __init__(self, array: Any, edition: Edition) -> None:
        self.array = array
        self.edition = edition
        self.shape = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)

    def into(self, slots: Sequence[int], out: npt.NDArray[Any]) -> None:
        """Put the pictures of these slots into `out`, in their order."""
        if slots:
            first = min(slots)
            some = slice(first, max(slots) + 1)
            with self.edition.one():
                block = values_of(
                    self.array, f"slots {first} to {max(slots)} of {self.array.path}", some
                )
            np.take(block, np.subtract(slots, first), axis=0, out=out, mode="clip")


class Sharded:
    """Pictures in the files of an array on a disk of this machine."""

    def __init__(
        self,
        array: Any,
        folder: Path,
        unpack: Callable[[Any, Any], Any] | None,
        edition: Edition,
    ) -> None:
        self.edition = edition
        self.shape = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self.folder = folder
        self.fill = array.fill_value
        self.unpack = unpack  # of one chunk into a buffer; None: they are as they are in memory
        self.per_chunk = array.chunks[0]
        self.per_shard = array.shards[0]
        self.chunks_a_shard = self.per_shard // self.per_chunk
        self.chunk_shape = tuple(array.chunks)
        self.index_first = array.metadata.codecs[0].index_location.value == "start"
        self.name_of = array.metadata.encode_chunk_key
        self.number = next(_numbers)  # an id() may be given again
        self.stored: dict[int, memoryview | None] = {}  # the chunks of files that are open
        weakref.finalize(self, _let_go, self.number)

    def into(self, slots: Sequence[int], out: npt.NDArray[Any]) -> None:
        """Put the pictures of these slots into `out`, in their order."""
        per_chunk, count, at = self.per_chunk, len(slots), 0
        in_a_row = isinstance(slots, range) and count == per_chunk and not slots[0] % per_chunk
        if in_a_row and out.flags.c_contiguous:
            self._whole(slots[0] // per_chunk, out)
            return
        while at < count:
            chunk = slots[at] // per_chunk
            first = chunk * per_chunk
            behind = first + per_chunk
            end = at + 1
            while end < count and first <= slots[end] < behind:
                end += 1
            inside = slots[at:end]
            if list(inside) == list(range(first, behind)) and out.flags.c_contiguous:
                self._whole(chunk, out[at:end])
            else:
                pictures = self._chunk(chunk)
                if isinstance(inside, range):
                    _copy(pictures[inside.start - first : inside.stop - first], out[at:end])
                else:
                    for place, slot in enumerate(inside, start=at):
                        _copy(pictures[slot - first], out[place])
            at = end

    def _chunk(self, chunk: int) -> npt.NDArray[Any]:
        """Return a chunk's pictures, to be looked at until the next call."""
        if self.unpack is None:
            return self._as_stored(chunk)
        buffers = _buffers()
        key = (self.number, chunk)
        kept = buffers.get(key)
        if kept is not None:
            buffers.move_to_end(key)
            return kept
        buffer = None
        if len(buffers) >= _KEPT:
            buffer = buffers.popitem(last=False)[1]
        if buffer is None or buffer.shape != self.chunk_shape or buffer.dtype != self.dtype:
            buffer = np.empty(self.chunk_shape, self.dtype)
        self._whole(chunk, buffer)
        buffers[key] = buffer
        return buffer

    def _whole(self, chunk: int, out: npt.NDArray[Any]) -> None:
        """Put a whole chunk into `out`."""
        if self.unpack is None:
            _copy(self._as_stored(chunk), out)
            return
        data = self._data(chunk)
        if data is None:
            out[...] = self.fill
            return
        try:
            self.unpack(data, out)
        except (ValueError, RuntimeError) as error:
            raise self._damaged(chunk, str(error)) from None

    def _as_stored(self, chunk: int) -> npt.NDArray[Any]:
        data = self._data(chunk)
        if data is None:
            return np.full(self.chunk_shape, self.fill, self.dtype)
        try:
            return np.frombuffer(data, self.dtype).reshape(self.chunk_shape)
        except ValueError as error:
            raise self._damaged(chunk, str(error)) from None

    def _data(self, chunk: int) -> memoryview | None:
        """Return the bytes of a chunk as they are stored; None where only the fill value is."""
        try:
            return self.stored[chunk]
        except KeyError:
            return _opened(self, chunk)

    def file_of(self, shard: int) -> Path:
        """Return where a shard is, if it was written."""
        return Path(self.folder, self.name_of((shard, *(0 for _ in self.shape[1:]))))

    def _damaged(self, chunk: int, why: str) -> DataError:
        first = chunk * self.per_chunk
        return DataError(
            f"{self.file_of(chunk // self.chunks_a_shard)} is damaged: slots {first} to "
            f"{first + self.per_chunk - 1} cannot be unpacked ({why})",
            fix="see what else is wrong with: taver dataset verify; build it again: "
            "taver build-dataset --again",
        )


_local = threading.local()
_open: dict[tuple[int, int], weakref.ref[Sharded]] = {}  # whose shards are, the oldest first
_opening = threading.RLock()  # what ends a reader may run anywhere, here too
_numbers = itertools.count()


def _copy(pictures: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
    """Copy, but not by C's memcpy where that can be helped.

    That is "rep movsb" for as much as this, and takes twice as long on AMD's processors where the
    target lies a few bytes behind the source within their pages, as an array of numpy's own and a
    chunk in a mapped file do. https://sourceware.org/bugzilla/show_bug.cgi?id=30994
    """
    if pictures.dtype.kind in "ui":
        np.bitwise_or(pictures, 0, out=out)
    else:
        np.copyto(out, pictures)


def _buffers() -> collections.OrderedDict[tuple[int, int], npt.NDArray[Any]]:
    """Return this thread's unpacked chunks, the longest unused one first."""
    buffers: collections.OrderedDict[tuple[int, int], npt.NDArray[Any]] | None
    buffers = getattr(_local, "buffers", None)
    if buffers is None:
        buffers = _local.buffers = collections.OrderedDict()
    return buffers


def _opened(pictures: Sharded, chunk: int) -> memoryview | None:
    """Open the shard of a chunk, and return the chunk as it is stored; None if it was not."""
    count = pictures.chunks_a_shard
    number = chunk // count
    with _opening:
        if chunk not in pictures.stored:  # another thread may have come first
            with pictures.edition.one():
                path = pictures.file_of(number)
                shard = open_shard(path, count, index_first=pictures.index_first)
            while len(_open) >= _MOST_OPEN:
                _close(next(iter(_open), (-1, -1)))
            _open[pictures.number, number] = weakref.ref(pictures)
            for inside in range(count):
                data = None if shard is None else shard.chunk(inside)
                pictures.stored[number * count + inside] = data
        return pictures.stored[chunk]


def _close(key: tuple[int, int]) -> None:
    """Let go of a shard: its file is closed once nobody reads what it maps any more."""
    reader = _open.pop(key, None)  # one may have ended since it was looked up
    pictures = None if reader is None else reader()
    if pictures is not None:
        for inside in range(pictures.chunks_a_shard):
            pictures.stored.pop(key[1] * pictures.chunks_a_shard + inside, None)


def _let_go(number: int) -> None:
    """Close the files of a reader that is no more."""
    with _opening:
        for key in [key for key in list(_open) if key[0] == number]:
            _open.pop(key, None)


def pictures_of(array: Any, edition: Edition | None = None) -> Pictures:
    """Return the fastest reader that there is for this array, which belongs to that edition."""
    edition = edition or Edition(None)
    folder = _folder(array)
    if folder is not None:
        known, unpack = _unpacker(array)
        if known:
            return Sharded(array, folder, unpack, edition)
    return ByZarr(array, edition)


def _folder(array: Any) -> Path | None:
    from zarr.storage import LocalStore

    store: Any = array.store_path.store
    if not isinstance(store, LocalStore):
        return None
    return Path(store.root, str(array.store_path.path))


def _unpacker(array: Any) -> tuple[bool, Callable[[Any, Any], Any] | None]:
    """Return whether we can read an array's shards ourselves, and what unpacks a chunk."""
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, ShardingCodec

    codecs = array.metadata.codecs
    if len(codecs) != 1 or not isinstance(codecs[0], ShardingCodec):
        return False, None
    sharding = codecs[0]
    plain = (
        tuple(array.chunks[1:]) == tuple(array.shape[1:]) == tuple(array.shards[1:])
        and [type(codec) for codec in sharding.index_codecs] == [BytesCodec, Crc32cCodec]
        and _little(sharding.index_codecs[0])
        and _little(sharding.codecs[0])
        and np.dtype(array.dtype).isnative
    )
    packing = sharding.codecs[1:]
    if not plain or len(packing) > 1:
        return False, None
    if not packing:
        return True, None
    if isinstance(packing[0], BloscCodec):
        return True, _blosc()
    return False, None


def _little(codec: Any) -> bool:
    from zarr.codecs import BytesCodec

    return isinstance(codec, BytesCodec) and getattr(codec.endian, "value", "little") == "little"


def _blosc() -> Callable[[Any, Any], Any]:
    from numcodecs import blosc

    # Chunks are small: waking other threads costs more than they save.
    blosc.use_threads = False
    decompress: Callable[[Any, Any], Any] = blosc.decompress
    return decompress
