"""Which formats there are, and what each holds."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final, NamedTuple

from annotate_web.exchange import eaf, table, tree
from taver.core import install
from taver.core.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annotate_web.exchange.gather import Gathered


class Format(NamedTuple):
    """One way to write annotations down."""

    ending: str
    title: str
    kind: str  # for browsers
    whole: bool  # one file holds many clips
    one_clip: bool
    write: Callable[[Gathered], bytes]


ALL: Final = (
    Format("csv", "CSV", "text/csv", whole=True, one_clip=True, write=table.tracks_csv),
    Format("json", "JSON", "application/json", whole=True, one_clip=True, write=tree.tree_json),
    Format("eaf", "ELAN", "application/xml", whole=False, one_clip=True, write=eaf.eaf),
    Format(
        "parquet",
        "Parquet",
        "application/vnd.apache.parquet",
        whole=True,
        one_clip=False,
        write=table.tracks_parquet,
    ),
)


def usable() -> Iterator[Format]:
    """Yield the formats that can be written here."""
    for one in ALL:
        try:
            yield called(one.ending)
        except MissingExtraError:
            continue  # nobody asked for it by name


def called(ending: str) -> Format:
    """Return the format of that name, if it can be written here."""
    found = next((one for one in ALL if one.ending == ending.lower()), None)
    if found is None:
        known = ", ".join(one.ending for one in ALL)
        raise InputError(f"There is no format {ending!r}", fix=f"choose one of: {known}")
    if found.ending == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError(
            "To write Parquet, taver needs the package 'pyarrow'",
            fix=install.pip("install", "pyarrow"),
        )
    return found
