"""Where a dataset lies: a folder, an `s3://` address, or a store of zarr's; opened and checked."""

from __future__ import annotations

import contextlib
import datetime as dt
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from taver.core.errors import DataError, NotFoundError, StorageError, TaverError
from taver.core.extras import need
from taver.core.storage import explain, explained
from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.study import Study

REMOTE: Final = "://"


def place(store: Any) -> str:
    """Say in words where it is."""
    return str(store)


def is_remote(store: Any) -> bool:
    """Tell whether it is an address and not a folder."""
    return isinstance(store, str) and REMOTE in store


def of_study(study: Study) -> str:
    """Return where a study's own dataset is: a folder's path, or an address."""
    named = study.config.dataset.store
    return named if is_remote(named) else str(study.folder / named)


def remote(address: str, *, read_only: bool) -> Any:
    """Return zarr's store for an address such as `s3://bucket/dataset.zarr`.

    Keys, region and endpoint are those of AWS's own variables (AWS_ACCESS_KEY_ID, ...).
    """
    obstore = need("obstore.store", extra="scale", to=f"reach {address}")
    from zarr.storage import ObjectStore

    options: dict[str, Any] = {
        "client_options": {"allow_http": True},
        # A server that is away for a moment is waited for, one that is gone is told of soon.
        "retry_config": {
            "max_retries": 6,
            "retry_timeout": dt.timedelta(seconds=30),
            "backoff": {"max_backoff": dt.timedelta(seconds=4)},
        },
    }
    try:
        return ObjectStore(obstore.from_url(address, **options), read_only=read_only)
    except Exception as error:
        if not _of_reading(error):
            raise
        raise StorageError(
            f"{address} cannot be reached: {_first_line(error)}",
            fix="write it as s3://bucket/dataset.zarr, and set AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY, AWS_REGION and, for a server of your own, AWS_ENDPOINT_URL",
        ) from None


def local_folder(root: Any) -> Path | None:
    """Return in which folder an open group lies; None where it is elsewhere."""
    from zarr.storage import LocalStore

    store: Any = root.store_path.store
    if not isinstance(store, LocalStore):
        return None
    return Path(store.root, str(root.store_path.path))


def open_root(store: Any, *, mode: Literal["r", "r+"] = "r", checked: bool = True) -> Any:
    """Open and check a dataset; return its zarr group.

    Checking reads what every array says of itself: who has seen it before need not wait for that.
    """
    import zarr

    where = place(store)
    source: Any = store
    if is_remote(store):
        source = remote(store, read_only=mode == "r")
    elif isinstance(store, (str, Path)):
        source = Path(store)
        with explained(source):
            if not source.exists():
                raise NotFoundError(
                    f"There is no dataset {where}",
                    fix="check the path, or build it with: taver build-dataset",
                )
            _refuse_what_is_no_folder(source)
    try:
        with calm():
            root = zarr.open_group(source, mode=mode, zarr_format=3)
            if checked:
                schema.validate(root, where)
    except TaverError:
        raise
    except Exception as error:
        if not _of_reading(error):
            raise
        raise _told(error, f"{where} cannot be read as a dataset", where) from None
    return root


@contextlib.contextmanager
def calm() -> Iterator[None]:
    """Let zarr not warn of a recording that is being deleted: it is not in the dataset any more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Object at .* is not recognized")
        yield


def values_of(array: Any, what: str, where: Any = ...) -> Any:
    """Return an array's values; one whose chunks are damaged raises DataError."""
    try:
        return array[where]
    except Exception as error:
        if isinstance(error, TaverError) or not _of_reading(error):
            raise
        raise _told(error, f"{what} cannot be read", what) from None


def _told(error: Exception, what: str, where: str) -> TaverError:
    """Return an error of zarr or of the network in words."""
    first = _first_line(error)
    if _of_network(error):
        return StorageError(
            f"{where} does not answer, or refuses: {first}",
            fix="check the network, the keys (AWS_ACCESS_KEY_ID, ...) and AWS_ENDPOINT_URL",
        )
    if isinstance(error, FileNotFoundError):
        return NotFoundError(
            f"There is no dataset {where}", fix="check the address, or build it there"
        )
    if isinstance(error, OSError) and error.errno is not None:
        return explain(error, error.filename or where)
    return DataError(
        f"{what}: {first}",
        fix="see what is wrong with: taver dataset verify; build it again: "
        "taver build-dataset --again",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _refuse_what_is_no_folder(path: Path) -> None:
    if not path.is_dir() or not (path / "zarr.json").is_file():
        raise DataError(
            f"{path} is no Zarr v3 store",
            fix="give the folder that taver build-dataset made, such as dataset.zarr",
        )


def _of_reading(error: Exception) -> bool:
    """Tell whether it comes of what the store holds or of the way to it, not of our own code."""
    if isinstance(error, (ValueError, KeyError, RuntimeError, OSError)):
        return True
    # zarr hands what a document says on as arguments: one by another name is a TypeError.
    return isinstance(error, TypeError) or _of_network(error)


def _of_network(error: Exception) -> bool:
    return type(error).__module__.startswith("obstore")
