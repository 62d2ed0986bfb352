"""JSON documents taver writes: versioned, checked on open, replaced as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec

from taver.core import atomic
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path


class Part(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A piece of a document; keys that are not declared are refused."""


class Document(Part, frozen=True, kw_only=True):
    """A JSON file of taver's: `FORMAT` and `VERSION` stand in it and are checked when read."""

    FORMAT: ClassVar[str]
    VERSION: ClassVar[int]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the document at `path`; what is damaged, foreign or newer raises DataError."""
        with explained(path):
            if not path.is_file():
                raise NotFoundError(
                    f"There is no {path}", fix="check the name, and the study's folder"
                )
            data = path.read_bytes()
        try:
            tree = msgspec.json.decode(data)
        except (ValueError, RecursionError) as error:  # not JSON, not text, or without an end
            raise DataError(
                f"{path} is not readable as JSON: {error}",
                fix="restore it from a backup; it was changed or damaged outside taver",
            ) from None
        return cls._from_tree(tree, path)

    @classmethod
    def _from_tree(cls, tree: Any, path: Path) -> Self:
        found = tree.get("format") if isinstance(tree, dict) else None
        if found != cls.FORMAT:
            raise DataError(
                f"{path} says it is {found!r}, not {cls.FORMAT!r}",
                fix="check the path: this file was not written by taver for this purpose",
            )
        version = tree.get("version")
        body = {k: v for k, v in tree.items() if k not in {"format", "version"}}
        if version != cls.VERSION:
            try:
                body = cls.upgraded(body, version)
            except (LookupError, TypeError, AttributeError, ValueError):
                raise DataError(
                    f"{path} is version {version!r} of its format; this taver reads {cls.VERSION}",
                    fix="use the taver that wrote it, or a newer one (pip install -U taver)",
                ) from None
        try:
            return msgspec.convert(body, cls)
        except msgspec.ValidationError as error:
            raise DataError(
                f"{path}: {error}",
                fix="restore it from a backup; it was changed outside taver",
            ) from None

    @classmethod
    def upgraded(cls, body: dict[str, Any], version: object) -> dict[str, Any]:  # noqa: ARG003  for kinds that know an older version
        """Return the contents of an older version as they would be written now, or raise."""
        raise ValueError(version)

    def write(self, path: Path) -> None:
        """Put this document at `path`, all at once."""
        tree = {"format": self.FORMAT, "version": self.VERSION, **msgspec.to_builtins(self)}
        try:
            data = msgspec.json.encode(tree)
        except UnicodeEncodeError as error:
            raise InputError(
                f"{error.object!r} is no readable text", fix="type it again, in UTF-8"
            ) from None
        atomic.write_bytes(path, msgspec.json.format(data, indent=2) + b"\n")
