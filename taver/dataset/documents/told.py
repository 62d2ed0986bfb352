"""about.toml: what only people know of a dataset, and its documents have to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from taver.core import config

if TYPE_CHECKING:
    from pathlib import Path

FILE = "about.toml"


class Author(config.Section, frozen=True, kw_only=True):
    """Who made it."""

    family: config.Words
    given: str = ""
    affiliation: str = ""
    orcid: str = ""

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.given} {self.family}".strip()


class Told(config.Section, frozen=True, kw_only=True):
    """All of about.toml; what is empty is said to be unknown."""

    title: str = ""
    description: str = ""
    version: Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+$")] = "1.0.0"
    licence: str = ""  # by SPDX: "CC-BY-NC-4.0"
    licence_url: str = ""
    url: str = ""
    doi: str = ""
    contact: str = ""
    authors: tuple[Author, ...] = ()
    keywords: tuple[str, ...] = ()
    # For the datasheet, each a paragraph.
    motivation: str = ""
    funding: str = ""
    ethics: str = ""  # who approved it, under which number
    recruitment: str = ""
    uses: str = ""
    misuses: str = ""
    maintenance: str = ""

    @property
    def terms_url(self) -> str:
        """Where the licence's words are; nothing without a licence."""
        if self.licence_url or not self.licence:
            return self.licence_url
        return f"https://spdx.org/licenses/{self.licence}.html"


def load(path: Path) -> Told:
    """Read an about.toml."""
    return config.load(path, Told)
