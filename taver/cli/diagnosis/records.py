"""What distributions put on record when they were installed: their files, and our files' hashes."""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from taver.core import home

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Rival(msgspec.Struct, frozen=True):
    """Another distribution that brings an import package called like one of ours."""

    name: str
    version: str
    folder: Path  # the folder on sys.path that it is installed in
    package: str
    in_a_folder: bool  # False: as a single file, which a folder of the same name comes before


def rivals(among: Iterable[Distribution] | None = None) -> tuple[Rival, ...]:
    """Find every distribution besides taver that brings a package of one of our four names."""
    found = (
        Rival(other.name, other.version, Path(str(other.locate_file(""))).resolve(), *brought)
        for other in (distributions() if among is None else among)
        if other.name and canonicalize_name(other.name) != home.NAME
        for brought in _brings(other)
    )
    return tuple(dict.fromkeys(found))  # a folder that is on sys.path twice is seen twice


def differing(of: Distribution, package: str) -> tuple[list[str], list[str]]:
    """Return the files of one of our packages that changed since they were installed, and went."""
    changed, gone = [], []
    for file in of.files or ():
        if file.parts[0] != package or file.hash is None:
            continue
        path = Path(str(file.locate()))
        if not path.is_file():
            gone.append(str(file))
        elif _hash(path, file.hash.mode) != file.hash.value:
            changed.append(str(file))
    return changed, gone


def _brings(other: Distribution) -> Iterator[tuple[str, bool]]:
    """Yield which of our names a distribution brings, and whether as a folder."""
    # The record as text: building an object for each of torch's files would take seconds.
    record = "\n" + (other.read_text("RECORD") or "")
    top_level = (other.read_text("top_level.txt") or "").split()
    for package in home.IMPORTED_AS:
        if f"\n{package}/" in record:
            yield package, True
        elif f"\n{package}.py," in record:
            yield package, False
        elif package in top_level:  # of an older kind, without a record
            yield package, (Path(str(other.locate_file(package))) / "__init__.py").is_file()


def _hash(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
