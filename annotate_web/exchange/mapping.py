"""How another tool's table is to be read: which column is what, in which units, on which scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from taver.core.config import Section, Words, load
from taver.core.errors import ConfigError
from taver.labels.trace import HIGHEST, LOWEST

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 1e12  # of what a person can mean by a value or by seconds
Unit = Literal["s", "ms", "frame", "unix_ns"]


class Columns(Section, frozen=True, kw_only=True):
    """What the columns are called; without arousal or valence that one is not imported."""

    time: Words = "time_s"
    arousal: str = "arousal"
    valence: str = "valence"
    rater: str = "rater"  # empty: there is none, and one is named on the command line
    clip: str = "clip"  # the same


class Time(Section, frozen=True, kw_only=True):
    """What the time column counts, from the clip's start if it is no date."""

    unit: Unit = "s"
    offset_s: float = 0.0  # is added


class Scale(Section, frozen=True, kw_only=True):
    """What is the lowest and the highest value there; it is brought to -10 to 10."""

    lowest: float = LOWEST
    highest: float = HIGHEST


class Text(Section, frozen=True, kw_only=True):
    """How the file is written."""

    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    encoding: Words = "utf-8"
    decimal: Literal[".", ","] = "."
    missing: tuple[str, ...] = ("", "nan", "na", "null", "none")  # in any case of letters


class Mapping(Section, frozen=True, kw_only=True):
    """All of a mapping file; what is not said is as taver's own CSV has it."""

    columns: Columns = Columns()
    time: Time = Time()
    scale: Scale = Scale()
    text: Text = Text()
    clips: dict[str, Words] = msgspec.field(default_factory=dict)  # their name: ours


OWN: Final = Mapping()


def read(path: Path) -> Mapping:
    """Read a mapping file, or raise with everything that is wrong in it."""
    mapping = load(path, Mapping)
    numbers = (mapping.scale.lowest, mapping.scale.highest, mapping.time.offset_s)
    if not all(abs(number) <= _LARGEST for number in numbers):
        raise ConfigError(
            f"{path}: the scale and the offset are to be numbers that can be reckoned with",
            fix="give lowest, highest and offset_s as plain numbers",
        )
    if not mapping.scale.lowest < mapping.scale.highest:
        raise ConfigError(
            f"{path}: the scale goes from {mapping.scale.lowest:g} to {mapping.scale.highest:g}",
            fix="give lowest below highest",
        )
    named = list(msgspec.structs.astuple(mapping.columns))
    if not mapping.columns.arousal and not mapping.columns.valence:
        raise ConfigError(
            f"{path} names neither a column of arousal nor one of valence", fix="name one of them"
        )
    twice = sorted({name for name in named if name and named.count(name) > 1})
    if twice:
        raise ConfigError(
            f"{path} names the column {', '.join(twice)} for several things",
            fix='give each its own; "" for what the table does not have',
        )
    if mapping.time.unit == "frame" and mapping.time.offset_s:
        raise ConfigError(
            f"{path}: offset_s is in seconds, and the time counts frames",
            fix="leave offset_s out, or give the time in seconds",
        )
    if mapping.text.delimiter in '"\r\n':
        raise ConfigError(
            f"{path}: {mapping.text.delimiter!r} cannot part columns: it parts lines, or quotes",
            fix='give what stands between two cells, for example delimiter = ";"',
        )
    if mapping.text.decimal == mapping.text.delimiter:
        raise ConfigError(
            f"{path}: {mapping.text.decimal!r} cannot part columns and digits",
            fix='most tables with decimal commas have delimiter = ";"',
        )
    return mapping
