"""A file's bytes as text, or in which encoding they could be."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from taver.core.errors import DataError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_BYTES: Final = 500_000_000
# Longer ones first: the mark of UTF-32 begins as that of UTF-16 does.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def bytes_of(path: Path) -> bytes:
    """Return what is in a file that traces can be in."""
    with explained(path):
        if not path.is_file():
            raise NotFoundError(f"There is no file {path}", fix="check the path")
        if path.stat().st_size > _LARGEST_BYTES:
            raise DataError(f"{path} is too large for a table of traces", fix="split it by clip")
        return path.read_bytes()


def text_of(path: Path, encoding: str) -> str:
    """Return what is written in a file, without the mark that some programs begin it with."""
    data = bytes_of(path)
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise DataError(f"There is no encoding {encoding!r}", fix="for example utf-8") from None
    except UnicodeError as error:
        where = ""
        if isinstance(error, UnicodeDecodeError) and not marked:
            before = data[: error.start].count(b"\n")
            where = f", line {before + 1}"
        raise DataError(
            f"{path}{where}: this is no {encoding} text",
            fix=f'name the right one in a mapping file: [text] encoding = "{marked or "cp1252"}"',
        ) from None
    # Every second letter of a text in two bytes a letter, which began without its mark.
    if "\x00" in text.partition("\n")[0]:
        raise DataError(
            f"{path}: this is no {encoding} text",
            fix='name the right one in a mapping file: [text] encoding = "utf-16-le"',
        )
    return text
