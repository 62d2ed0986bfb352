"""about.toml: what only people know of a dataset, and its documents have to say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from taver.core import config

if TYPE_CHECKING:
    from pathlib import Path

FILE = "about.toml"
# Licences that are made for data, by their SPDX names.
SPDX: Final = frozenset({
    "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0",
    "CC-BY-NC-ND-4.0", "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0", "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
})  # fmt: skip
_AT_ORCID: Final = "https://orcid.org/"
_ORCID: Final = re.compile(r"(https://orcid\.org/)?\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI: Final = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")  # as CFF has it
_ADDRESS: Final = re.compile(r"https?://[^\s/]+(/\S*)?")


class Author(config.Section, frozen=True, kw_only=True):
    """Who made it."""

    family: config.Words
    given: str = ""
    affiliation: str = ""
    orcid: str = ""

    def __post_init__(self) -> None:
        if self.orcid and not _ORCID.fullmatch(self.orcid):
            raise ValueError(f"orcid is {self.orcid!r}; write it as 0000-0002-1825-0097")

    @property
    def orcid_url(self) -> str:
        """The ORCID as an address, as citation files want it."""
        return f"{_AT_ORCID}{self.orcid.removeprefix(_AT_ORCID)}" if self.orcid else ""

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

    def __post_init__(self) -> None:
        if self.doi and not _DOI.fullmatch(self.doi):
            raise ValueError(f"doi is {self.doi!r}; write it as 10.1234/abcd, without an address")
        for name in ("url", "licence_url"):
            if getattr(self, name) and not _ADDRESS.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}; begin it with https://")
        if self.licence and not self.is_spdx and not self.licence_url:
            raise ValueError(
                f"licence is {self.licence!r}, which is none of {', '.join(sorted(SPDX))}; of "
                "another one say in licence_url where its words are"
            )

    @property
    def is_spdx(self) -> bool:
        """Whether the licence is one that machines know by its name."""
        return self.licence in SPDX

    @property
    def terms_url(self) -> str:
        """Where the licence's words are; nothing without a licence."""
        if self.licence_url or not self.licence:
            return self.licence_url
        return f"https://spdx.org/licenses/{self.licence}.html"


def load(path: Path) -> Told:
    """Read an about.toml."""
    return config.load(path, Told)
