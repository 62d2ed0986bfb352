"""Tells a dataset that may be replaced from anything else, by the document at its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from taver.core.errors import AlreadyThereError, DataError
from taver.dataset import schema

if TYPE_CHECKING:
    from taver.core.consent import Audience


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


def refuse_other_audience(before: Any | None, audience: Audience, name: str) -> None:
    """Raise AlreadyThereError where the dataset that is there is for other people.

    One for the lab in the place of a release would be handed on with names and dates in it, and
    the other way round the lab would be left without them.
    """
    earlier = None if before is None else dict(before.attrs).get("audience")
    if earlier in (None, audience.value):
        return
    raise AlreadyThereError(
        f"{name} was built for the audience {earlier}, and is not replaced by one for "
        f"{audience.value}",
        fix="give this one a place of its own: --out NAME.zarr; or bring the one that is there up "
        f"to date: --audience {earlier}; or move that away",
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
