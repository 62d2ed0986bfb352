"""Writes labels.zarr of a session all at once, and opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from taver.core import atomic
from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.storage import explained
from taver.labels.schema import FILE, FORMAT, SCHEMA, VERSION, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.session.folder import Session


class Labelled(NamedTuple):
    """One clip as it goes into labels.zarr: the columns and attributes of the schema."""

    name: str
    columns: Mapping[str, npt.NDArray[Any]]
    attributes: Mapping[str, Any]


def write(session: Session, clips: Iterable[Labelled], attributes: Mapping[str, Any]) -> Path:
    """Put these clips into labels.zarr of the session; an older one is replaced."""
    import zarr

    path = session.folder / FILE
    with explained(path), atomic.replacing_folder(path) as beside:
        told = {"format": FORMAT, "version": VERSION, **attributes}
        root = zarr.create_group(beside, zarr_format=3, attributes=told)
        for clip in clips:
            group = root.create_group(clip.name, attributes=dict(clip.attributes))
            for name, column in SCHEMA.items():
                array = group.create_array(
                    name,
                    data=clip.columns[name].astype(column.dtype),
                    dimension_names=("frame", column.across) if column.across else ("frame",),
                )
                array.attrs.update({"unit": column.unit, "meaning": column.meaning})
        validate(root, str(path))
    return path


def open_labels(session: Session) -> Any:
    """Open and check labels.zarr of the session, for reading: a group a clip."""
    import zarr

    path = session.folder / FILE
    again = f"taver labels --session {session.name}"
    with explained(path):
        if not path.is_dir():
            raise NotFoundError(f"Session {session.name} has no labels yet", fix=again)
        try:
            root = zarr.open_group(path, mode="r", zarr_format=3)
            validate(root, str(path))
        except TaverError:
            raise
        except (ValueError, KeyError, RuntimeError, FileNotFoundError) as error:
            raise DataError(f"{path} cannot be read: {error}", fix=f"{again} --again") from None
    return root
