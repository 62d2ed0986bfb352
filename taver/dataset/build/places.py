"""Where a dataset is built: beside the one that is there, in a folder or under an address.

A build in progress is `data/` (the dataset to be), `blocks/` (which parts of it are written) and a
few notes. Only when all of it is there does it take the place of what was there before.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from taver.core.errors import InputError
from taver.dataset.stores import is_remote

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterator

DATA = "data"
BLOCKS = "blocks"


class Staging(Protocol):
    """A dataset that is being built."""

    address: str  # by which workers find it

    def helping(self) -> contextlib.AbstractContextManager[None]:
        """Work on it for the length of the block: nobody else publishes it meanwhile."""
        ...

    def store(self) -> Any:
        """Return zarr's store of the dataset to be."""
        ...

    def recording(self, name: str) -> Any:
        """Return the group of a recording, to write into."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep something beside the dataset, all at once."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return what was kept, or None."""
        ...

    def keys(self, under: str) -> Iterator[str]:
        """Yield the keys of what was kept under a prefix."""
        ...

    def reuse(self, recording: str, array: str) -> None:
        """Take an array of the published dataset over as it is, without writing it again."""
        ...

    def drop(self, recording: str) -> None:
        """Forget a recording of the dataset to be; first of all which parts of it are done."""
        ...

    def publish(self) -> None:
        """Put the dataset to be in the place of what was there before."""
        ...


class Place(Protocol):
    """Where a dataset is to be."""

    name: str  # as people know it

    def published(self) -> Any | None:
        """Open what is there; None if nothing is. What is not a dataset of ours is refused."""
        ...

    def explained(self) -> contextlib.AbstractContextManager[None]:
        """Let what goes wrong with the place itself out of the block only in words."""
        ...

    def outputs(self) -> tuple[Path, ...]:
        """Return what is written, as far as it is in folders."""
        ...

    def room_bytes(self) -> int | None:
        """Return how much may be written; None where nobody can tell."""
        ...

    def noted(self) -> frozenset[str]:
        """Return the keys of all that a build which was stopped noted as done, if it matters."""
        ...

    def building(self) -> contextlib.AbstractContextManager[Staging]:
        """Go on with a build that was stopped, or begin one; one program at a time."""
        ...


def place_at(target: str) -> Place:
    """Return the place that a folder's path or an `s3://` address names."""
    if not target.strip():
        raise InputError(
            "Where the dataset is to be is not said: the name is empty",
            fix="give --out STORE, or leave it out for the study's own dataset",
        )
    if is_remote(target):
        from taver.dataset.build.bucket import Bucket

        return Bucket(target)
    from taver.dataset.build.folder import Folder

    return Folder(Path(target))


@functools.lru_cache(maxsize=4)
def staging_at(address: str) -> Staging:
    """Return the build in progress at an address, for a worker."""
    if is_remote(address):
        from taver.dataset.build.bucket import BucketStaging

        return BucketStaging(address)
    from taver.dataset.build.folder import FolderStaging

    return FolderStaging(Path(address))
