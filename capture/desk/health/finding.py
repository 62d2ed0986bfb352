"""One thing that was judged: how it is, in words, and what to do if it is not well."""

from __future__ import annotations

import enum

import msgspec


class Level(enum.Enum):
    """How something is; between well and wrong a warning stays as it was."""

    GOOD = "good"
    UNSURE = "unsure"
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found."""

    about: str  # names the check and, where there are several, the stream: "queue color"
    level: Level
    text: str
    fix: str = ""


def graded(value: float, *, good: float, bad: float) -> Level:
    """Grade a value that is well up to `good` and wrong from `bad` on, whichever is higher."""
    if good <= bad:
        return Level.GOOD if value <= good else Level.BAD if value >= bad else Level.UNSURE
    return Level.GOOD if value >= good else Level.BAD if value <= bad else Level.UNSURE
