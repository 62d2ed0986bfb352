"""What a Zarr group of taver's says of itself: its format, its version, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def problems(
    attributes: Mapping[str, object], *, kind: str, version: int, names: Iterable[str]
) -> list[str]:
    """Return what is wrong with the attributes of a group that should be such a kind, in words."""
    found = [
        f"{name} is {attributes.get(name)!r}, not {wanted!r}"
        for name, wanted in (("format", kind), ("version", version))
        if attributes.get(name) != wanted
    ]
    return found + missing(attributes, names)


def missing(attributes: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """Return which attributes are not there, in words."""
    return [f"the attribute {name} is not there" for name in names if name not in attributes]
