"""TOML files as typed objects: a wrong key or value is named with its file, line and remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from taver.core.errors import ConfigError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T", bound=msgspec.Struct)

# A config file is read by people; what is longer than this is not one.
_LARGEST_BYTES = 1_000_000
_MISSING = re.compile("Object missing required field `(.+)`")

# A path, or a name: whatever is left empty would mean the study's own folder.
Words = Annotated[str, msgspec.Meta(min_length=1, pattern="^[^\\x00]*$")]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a config file: keys that are not declared are refused."""


def load(path: Path, kind: type[T]) -> T:
    """Read the TOML file at `path` as a `kind`, or list everything that is wrong with it."""
    text = _read(path)
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # brackets without end, numbers without end
        raise ConfigError(
            f"{path} is not valid TOML: {error}", fix="mend that line; strings need quotes"
        ) from None
    unknown = [_unknown_text(where, known, text) for where, known in _unknown(tree, kind, ())]
    if unknown:
        raise ConfigError(
            f"{path} has {len(unknown)} unknown key{'s' if len(unknown) > 1 else ''}",
            fix="correct or remove what is listed; nothing was read from the file",
            problems=unknown,
        )
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        key = re.sub(r"\[(\d+)\]", lambda found: f".{int(found[1]) + 1}", where.rstrip("`"))
        missing = _MISSING.match(what)
        raise ConfigError(
            f"{path}{_line_of(tuple(key.split('.')), text)}: {key or 'the file'}: "
            + (f"{missing[1]!r} is missing" if missing else what),
            fix="add it" if missing else _instead(kind, key.split(".")),
        ) from None


def _instead(kind: type, keys: list[str]) -> str:
    """Say what is to be given there: one of few values, if only few there are."""
    try:
        told: Any = msgspec.inspect.type_info(kind)
        for key in keys:
            if isinstance(told, msgspec.inspect.StructType):
                told = next(field.type for field in told.fields if field.encode_name == key)
            else:
                told = told.item_type
    except (AttributeError, StopIteration):  # deeper inside than a table or a list
        told = None
    if isinstance(told, msgspec.inspect.EnumType):
        return f"choose among {', '.join(str(one.value) for one in told.cls)}"
    if isinstance(told, msgspec.inspect.LiteralType):
        return f"choose among {', '.join(map(str, told.values))}"
    return "give it a value of that kind"


def _read(path: Path) -> str:
    with explained(path):
        if not path.is_file():
            raise NotFoundError(f"There is no file {path}", fix="check the path")
        data = path.read_bytes()
    if len(data) > _LARGEST_BYTES:
        raise ConfigError(
            f"{path} holds {len(data)} bytes; that is no config file", fix="check the path"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")  # editors on Windows write both
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start})", fix="save it again as UTF-8"
        ) from None


def _unknown(
    tree: Any, kind: Any, where: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield each key of `tree` that `kind` does not declare, with those it does."""
    kind = _struct_of(kind)
    if kind is None or not isinstance(tree, dict):
        return
    fields = {f.encode_name: f.type for f in msgspec.structs.fields(kind)}
    for key, value in tree.items():
        if key not in fields:
            yield (*where, key), list(fields)
            continue
        yield from _unknown(value, fields[key], (*where, key))
        for inner in _values_of(fields[key]):
            items = value.items() if isinstance(value, dict) else enumerate(_listed(value), 1)
            for name, item in items:
                yield from _unknown(item, inner, (*where, key, str(name)))


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        structs = [s for s in map(_struct_of, typing.get_args(kind)) if s is not None]
        return structs[0] if len(structs) == 1 else None
    return None


def _values_of(kind: Any) -> Iterator[Any]:
    """Yield the type of what a mapping or a list holds, if it holds structs."""
    if typing.get_origin(kind) in {dict, list, tuple}:
        held = [a for a in typing.get_args(kind) if a is not Ellipsis]
        yield from (a for a in held[-1:] if _struct_of(a) is not None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unknown_text(where: tuple[str, ...], known: list[str], text: str) -> str:
    close = difflib.get_close_matches(where[-1], known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"
    return f"{'.'.join(where)}{_line_of(where, text)}: {hint}"


def _line_of(where: tuple[str, ...], text: str) -> str:
    """Return ', line N' for the key `where` or the nearest it is in, or nothing."""
    while where:
        number = _line_number(where, text)
        if number is not None:
            return f", line {number}"
        where = where[:-1]
    return ""


def _line_number(where: tuple[str, ...], text: str) -> int | None:
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}  # of each [[table]] that comes again and again
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*(\[{1,2})([^\[\]]+)\]", line)
        if header:
            table = ()
            for name in _names(header[2]):
                table += (str(counts[table]), name) if table in counts else (name,)
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                table += (str(counts[table]),)
            if table == where:
                return number
            continue
        key = re.match(r"\s*([^=#]+?)\s*=", line)
        if key and (*table, *_names(key[1])) == where:
            return number
    return None


def _names(dotted: str) -> list[str]:
    return [name.strip(" \"'") for name in dotted.split(".")]
