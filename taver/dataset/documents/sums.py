"""Checksums of every file of a dataset, as sha256sum writes and checks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from taver.core.digest import sha256_of
from taver.core.errors import DataError
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "SHA256SUMS"
_DOCUMENT: Final = "zarr.json"  # of the root: every build writes its own
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def documents_of(dataset: Path) -> Path:
    """Return where a dataset's documents are: beside it, for nothing foreign belongs into it."""
    return dataset.with_name(f"{dataset.name.removesuffix('.zarr')}.about")


def place_of(dataset: Path) -> Path:
    """Return where a dataset's checksums are."""
    return documents_of(dataset) / FILE


def lines(dataset: Path) -> list[str]:
    """Return a line a file, to be checked in the folder that the dataset is in."""
    with explained(dataset):
        files = sorted(path for path in dataset.rglob("*") if path.is_file())
    return [
        f"{sha256_of(path)}  {dataset.name}/{path.relative_to(dataset).as_posix()}"
        for path in files
    ]


def listed(dataset: Path) -> dict[str, str]:
    """Return the checksums by each file's path in the dataset; empty where there are none."""
    path = place_of(dataset)
    with explained(path):
        if not path.is_file():
            return {}
        text = path.read_text("utf-8", "replace")
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise DataError(
                f"{path}: line {number} is no checksum",
                fix="make it again with: taver dataset document",
            )
        found[matched[2].removeprefix(f"{dataset.name}/")] = matched[1]
    return found


def of_another_build(dataset: Path) -> bool:
    """Tell whether the checksums were made of what was there before: of another root document."""
    path = dataset / _DOCUMENT
    with explained(path):
        was = listed(dataset).get(_DOCUMENT)
        return was is not None and path.is_file() and sha256_of(path) != was
