"""The instructions: pages of Markdown, the study's own if it has some, else those taver brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from annotate_web.texts import catalogue, markdown
from taver.core.errors import DataError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER: Final = "instructions"
_LARGEST_BYTES: Final = 1 << 20


class Page(NamedTuple):
    """One page of the instructions."""

    title: str
    html: str


def pages(language: str, own: Path | None = None) -> Sequence[Page]:
    """Return the pages in this language, in the order of their files' names.

    `own` is the study's folder, with one folder a language. If it has any pages, only they are
    shown: in this language, else in English, else in the first that there is.
    """
    own = own if own and own.is_dir() else None
    if own:
        folders = [own / language, own / catalogue.DEFAULT, *sorted(own.iterdir())]
        for folder in folders:
            if folder.is_dir() and (found := _in(folder)):
                return found
    brought = catalogue.FOLDER
    return _in(brought / language / FOLDER) or _in(brought / catalogue.DEFAULT / FOLDER)


def _in(folder: Path) -> list[Page]:
    return [_page(path) for path in sorted(folder.glob("*.md"))]


def _page(path: Path) -> Page:
    with explained(path):
        if path.stat().st_size > _LARGEST_BYTES:
            raise DataError(f"{path.name} is too large for a page", fix="split it")
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise DataError(
                f"The instructions in {path.name} are not UTF-8", fix="save the file as UTF-8"
            ) from None
    return Page(markdown.title(text) or path.stem, markdown.to_html(text))
