"""What the doctor finds: one thing, its state, and the line that puts it right."""

from __future__ import annotations

import enum

import msgspec


class State(enum.StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    MISSING = "missing"  # not there; nothing breaks until someone needs it
    WRONG = "wrong"  # there, and it will break something
    NOTE = "note"  # good to know


class Section(enum.StrEnum):
    """The groups findings come in, in the order they are shown."""

    PYTHON = "python"
    PACKAGES = "packages"
    EXTRAS = "extras"
    DRIVERS = "drivers"
    LIBRARIES = "libraries"
    MODELS = "models"
    GPUS = "gpus"
    DISK = "disk"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the doctor looked at."""

    section: Section
    name: str
    state: State
    detail: str
    more: str = ""  # what only a curious person, or a bug report, wants to know
    install: str = ""  # one line to copy, or where no command helps, what to do
