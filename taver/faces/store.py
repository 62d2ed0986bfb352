"""Writes faces.zarr and the table beside it, all at once, and opens them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taver.core import atomic
from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.storage import explained
from taver.faces.schema import FILE, FORMAT, SCHEMA, VERSION, validate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.session.folder import Session

_ROWS_A_CHUNK = 4096


def write(
    session: Session, columns: Mapping[str, npt.NDArray[Any]], attributes: Mapping[str, Any]
) -> Path:
    """Put the columns of the schema into faces.zarr of the session; an older one is replaced."""
    import zarr

    path = session.folder / FILE
    with explained(path), atomic.replacing_folder(path) as beside:
        told = {"format": FORMAT, "version": VERSION, **attributes}
        root = zarr.create_group(beside, zarr_format=3, attributes=told)
        for name, row in SCHEMA.items():
            values = columns[name].astype(row.dtype)
            array = root.create_array(
                name,
                data=values,
                chunks=(min(max(len(values), 1), _ROWS_A_CHUNK), *row.shape),
                dimension_names=("frame", *(f"{name}_{n}" for n in range(len(row.shape)))),
            )
            array.attrs.update({"unit": row.unit, "meaning": row.meaning})
        validate(root, str(path))
    return path


def open_faces(session: Session) -> Any:
    """Open and check faces.zarr of the session, for reading."""
    import zarr

    path = session.folder / FILE
    with explained(path):
        if not path.is_dir():
            raise NotFoundError(
                f"The faces of session {session.name} were not looked for yet",
                fix=f"taver faces --session {session.name}",
            )
        try:
            root = zarr.open_group(path, mode="r", zarr_format=3)
            validate(root, str(path))
        except TaverError:
            raise
        except (ValueError, KeyError, RuntimeError, FileNotFoundError) as error:
            raise DataError(
                f"{path} cannot be read: {error}",
                fix=f"taver faces --session {session.name} --again",
            ) from None
    return root
