"""Tells a dataset that may be replaced from anything else, by the document at its root."""

from __future__ import annotations

from typing import Any

import msgspec

from taver.core.errors import AlreadyThereError, DataError
from taver.dataset import schema


def refuse_foreign(document: bytes | None, name: str) -> None:
    """Raise unless `document`, the zarr.json at `name`, is that of a dataset of this taver."""
    attributes = _attributes(document)
    if attributes.get("format") != schema.FORMAT:
        raise AlreadyThereError(
            f"{name} is there and is no dataset of taver's",
            fix="give another --out, or move it away; taver does not overwrite what it did not "
            "make",
        )
    version = attributes.get("version")
    if version != schema.VERSION:
        raise DataError(
            f"{name} is version {version!r} of a dataset; this taver writes {schema.VERSION}",
            fix="give another --out, or move it away: it is left as it is",
        )


def _attributes(document: bytes | None) -> dict[str, Any]:
    if document is None:
        return {}
    try:
        tree = msgspec.json.decode(document)
    except ValueError:
        return {}
    found = tree.get("attributes") if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}
