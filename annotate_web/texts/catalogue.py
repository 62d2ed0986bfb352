"""Texts by their keys, in the reader's language: `texts/<language>/*.toml`, one table a subject."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER: Final = Path(__file__).parent
DEFAULT: Final = "en"
# What each language calls itself.
LANGUAGES: Final = MappingProxyType({"en": "English", "ko": "한국어"})
_FIELD: Final = re.compile(r"\{(\w+)\}")


def text(language: str, key: str, **values: object) -> str:
    """Return a text with `{names}` replaced; one that is not translated is in English."""
    found = of(language).get(key) or of(DEFAULT)[key]
    return _FIELD.sub(lambda match: str(values.get(match[1], match[0])), found)


@functools.cache
def of(language: str) -> Mapping[str, str]:
    """Return all texts of a language: `subject.name` -> text."""
    texts: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        for subject, group in tomllib.loads(path.read_text("utf-8")).items():
            texts.update((f"{subject}.{name}", said) for name, said in group.items())
    return MappingProxyType(texts)


def chosen(wanted: Iterable[str | None]) -> str:
    """Return the first of these languages that there is: `ko-KR` is `ko`."""
    for language in wanted:
        short = (language or "").partition("-")[0].lower()
        if short in LANGUAGES:
            return short
    return DEFAULT
