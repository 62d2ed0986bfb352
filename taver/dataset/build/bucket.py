"""A dataset under an address: built under a prefix beside it, and copied into place by the server.

Nothing can be renamed there. So the document at the root, without which there is no dataset, is
taken away first and put back last: who opens the dataset in between finds none, and never half of
one. A switch that is cut short is finished by the next build.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core.errors import InputError, StorageError
from taver.core.extras import need
from taver.dataset import schema
from taver.dataset.build import lease
from taver.dataset.build.ours import refuse_foreign
from taver.dataset.build.places import BLOCKS, DATA
from taver.dataset.stores import remote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.dataset.build.lease import Lease

_CHECK: Final = (
    "check the network, the keys (AWS_ACCESS_KEY_ID, ...) and AWS_ENDPOINT_URL, then run again: "
)
_ROOT: Final = "zarr.json"
_READY: Final = "ready"  # all of it is there, and the switch may have begun
_DONE: Final = "done"  # the switch is over, and what is left here is to go


class Stamped(NamedTuple):
    """An object as it was at one moment."""

    data: bytes
    tag: str
    modified_unix_s: float  # by the server's clock


class Objects:
    """The objects below an address."""

    def __init__(self, address: str) -> None:
        self._obstore: Any = need("obstore", extra="scale", to=f"reach {address}")
        self.address = address
        self.zarr = remote(address, read_only=False)
        self._store = self.zarr.store

    def get(self, key: str) -> bytes | None:
        """Return an object, or None."""
        with self.explained():
            try:
                return bytes(self._obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                return None

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        with self.explained():
            self._obstore.put(self._store, key, data)

    def create(self, key: str, data: bytes) -> str | None:
        """Write an object where there is none; return its tag, or None where there is one."""
        return self._put_if(key, data, "create")

    def replace(self, key: str, data: bytes, tag: str) -> str | None:
        """Write an object in place of the one with this tag; None where that is another by now."""
        return self._put_if(key, data, {"e_tag": tag})

    def stamped(self, key: str) -> Stamped | None:
        """Return an object with its tag and when it was written, or None."""
        with self.explained():
            try:
                found = self._obstore.get(self._store, key)
                told = found.meta
                written_s = told["last_modified"].timestamp()
                return Stamped(bytes(found.bytes()), told["e_tag"], written_s)
            except FileNotFoundError:
                return None

    def _put_if(self, key: str, data: bytes, mode: Any) -> str | None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self.explained():
            try:
                return str(self._obstore.put(self._store, key, data, mode=mode)["e_tag"])
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return None

    def keys(self, under: str = "") -> list[str]:
        """Return the keys of all objects under a prefix, in order."""
        with self.explained():
            pages = self._obstore.list(self._store, prefix=under or None)
            return sorted(one["path"] for page in pages for one in page)

    def copy(self, source: str, target: str) -> None:
        """Copy an object, which the server does by itself."""
        with self.explained():
            self._obstore.copy(self._store, source, target)

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""
        with self.explained():
            if keys:
                self._obstore.delete(self._store, keys)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Let no error of the network out of the block but in words."""
        try:
            yield
        except Exception as error:
            if not type(error).__module__.startswith("obstore"):
                raise
            raise unreachable(self.address, error) from None


def unreachable(address: str, error: Exception) -> StorageError:
    """Return what went wrong with an address, in words."""
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return StorageError(
        f"{address} does not answer, or refuses: {first}",
        fix=_CHECK + "what is written is kept, and the dataset that was there is as it was",
    )


@contextlib.contextmanager
def _halfway(so: str) -> Iterator[None]:
    """Let an error of the network out of the block with what is so by then."""
    try:
        yield
    except StorageError as error:
        raise StorageError(error.what, fix=_CHECK + so) from None


class Bucket:
    """An address at which a dataset is, or will be."""

    def __init__(self, address: str) -> None:
        self.name = address.rstrip("/")
        parent, _, self._leaf = self.name.rpartition("/")
        if not self._leaf or parent.endswith("/"):
            raise InputError(
                f"{address} names no dataset in a bucket", fix="give s3://bucket/dataset.zarr"
            )
        self._parent = parent

    def published(self) -> Any | None:
        """Open what is there; None if nothing is. What is not a dataset of ours is refused."""
        import zarr

        self.mend()
        there = Objects(self.name)
        document = there.get(_ROOT)
        if document is None and not there.keys():
            return None
        refuse_foreign(document, self.name)
        with there.explained():
            return zarr.open_group(remote(self.name, read_only=True), mode="r", zarr_format=3)

    def mend(self) -> None:
        """Finish a switch that was cut short."""
        if self._staging().cut_short():
            with self.building() as staging:
                staging.finish()

    def explained(self) -> contextlib.AbstractContextManager[None]:
        """Let no error of the network out of the block but in words."""
        return Objects(self.name).explained()

    def outputs(self) -> tuple[Path, ...]:
        """Return nothing: no folder is written."""
        return ()

    def room_bytes(self) -> None:
        """Nobody can tell how much may be written."""
        return

    def noted(self) -> frozenset[str]:
        """Return nothing: who knows of no limit need not know what is done."""
        return frozenset()

    @contextlib.contextmanager
    def building(self) -> Iterator[BucketStaging]:
        """Go on with a build that was stopped, or begin one; one program at a time."""
        beside = Objects(self._parent)
        with lease.held(beside, f".{self._leaf}.lease", f"The dataset {self.name}") as mine:
            staging = self._staging()
            staging.lease = mine
            yield staging

    def _staging(self) -> BucketStaging:
        return BucketStaging(f"{self._parent}/.{self._leaf}.building")


class BucketStaging:
    """A dataset that is being built under an address."""

    def __init__(self, address: str) -> None:
        self.address = address
        parent, _, leaf = address.rpartition("/")
        self._here = leaf
        self._target = leaf.removeprefix(".").removesuffix(".building")
        self._objects = Objects(parent)
        self._data = Objects(f"{address}/{DATA}")
        self.lease: Lease | None = None  # workers have none: who gives them work has it

    @contextlib.contextmanager
    def helping(self) -> Iterator[None]:
        """Work on it for the length of the block; errors of the network are told in words."""
        with self._objects.explained():
            yield

    def store(self) -> Any:
        """Return zarr's store of the dataset to be."""
        return self._data.zarr

    def recording(self, name: str) -> Any:
        """Return the group of a recording, to write into."""
        import zarr

        return zarr.open_group(
            self.store(), path=f"{schema.RECORDINGS}/{name}", mode="r+", zarr_format=3
        )

    def put(self, key: str, data: bytes) -> None:
        """Keep something beside the dataset."""
        self._objects.put(f"{self._here}/{key}", data)

    def get(self, key: str) -> bytes | None:
        """Return what was kept, or None."""
        return self._objects.get(f"{self._here}/{key}")

    def keys(self, under: str) -> Iterator[str]:
        """Yield the keys of what was kept under a prefix."""
        for key in self._objects.keys(f"{self._here}/{under}"):
            yield key.removeprefix(f"{self._here}/")

    def reuse(self, recording: str, array: str) -> None:
        """Take an array of the published dataset over as it is; the server copies it."""
        inside = f"{schema.RECORDINGS}/{recording}/{array}"
        data = f"{self._here}/{DATA}"
        for key in self._objects.keys(f"{self._target}/{inside}"):
            self._objects.copy(key, f"{data}/{key.removeprefix(f'{self._target}/')}")

    def drop(self, recording: str) -> None:
        """Forget a recording of the dataset to be; first of all which parts of it are done."""
        for inside in (f"{BLOCKS}/{recording}", f"{DATA}/{schema.RECORDINGS}/{recording}"):
            self._objects.delete(self._objects.keys(f"{self._here}/{inside}"))

    def publish(self) -> None:
        """Put the dataset to be in the place of what was there before."""
        data = f"{self._here}/{DATA}/"
        built = {key.removeprefix(data) for key in self._objects.keys(data)}
        before = {
            key.removeprefix(f"{self._target}/") for key in self._objects.keys(f"{self._target}")
        }
        if self.lease is not None:
            self.lease.confirm()
        self.put(_READY, b"")
        with _halfway(
            "all of the new dataset is there, and is put in place first; until then there may be "
            f"none to read at {self._objects.address}/{self._target}"
        ):
            self._switch(before, built)
        with _halfway("the new dataset is in place, and what is left of building it is deleted"):
            self._tidy()

    def _switch(self, before: set[str], built: set[str]) -> None:
        data = f"{self._here}/{DATA}/"
        if _ROOT in before:
            self._objects.delete([f"{self._target}/{_ROOT}"])
        for key in sorted(built - {_ROOT}):
            self._objects.copy(f"{data}{key}", f"{self._target}/{key}")
        gone = sorted(before - built - {_ROOT})
        self._objects.delete([f"{self._target}/{key}" for key in gone])
        self._objects.copy(f"{data}{_ROOT}", f"{self._target}/{_ROOT}")
        self.put(_DONE, b"")

    def cut_short(self) -> bool:
        """Tell whether the last build was stopped while it switched."""
        return self.get(_READY) is not None or self.get(_DONE) is not None

    def finish(self) -> None:
        """Do what is left of a switch that was cut short."""
        if self.get(_DONE) is not None:
            self._tidy()
        elif self.get(_READY) is not None:
            self.publish()

    def _tidy(self) -> None:
        # In this order: what is left over must never look like blocks that are done, nor like a
        # dataset that is ready.
        self._objects.delete([f"{self._here}/{_READY}"])
        self._objects.delete(self._objects.keys(f"{self._here}/{BLOCKS}"))
        done = f"{self._here}/{_DONE}"
        self._objects.delete([key for key in self._objects.keys(self._here) if key != done])
        self._objects.delete([done])
