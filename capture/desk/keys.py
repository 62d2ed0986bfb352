"""What the operator types while it records: keys without Enter, and a note letter by letter."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

_LONGEST_NOTE: Final = 200
_ENTER: Final = "\r\n"
_ESCAPE: Final = "\x1b"
_RUBOUT: Final = "\x08\x7f"
_CTRL_C: Final = "\x03"  # comes as a key where the terminal does not make a signal of it


class Command(enum.Enum):
    """What a key asks for."""

    MARK = "mark"
    BEGIN_NOTE = "begin a note"  # the moment that it is about
    NOTE = "note"  # it is typed
    NEXT = "next"
    SHUTTER = "shutter"
    STOP = "stop"


HELP: Final = (
    ("m", "marker"),
    ("M", "with a note"),
    ("n", "next phase"),
    ("s", "shutter"),
    ("q", "stop"),
)
_KEYS: Final = {
    "m": Command.MARK,
    "M": Command.BEGIN_NOTE,
    "n": Command.NEXT,
    "s": Command.SHUTTER,
    "q": Command.STOP,
    "Q": Command.STOP,
    _CTRL_C: Command.STOP,
}


class Asked(NamedTuple):
    """A command, and the note typed for it."""

    command: Command
    note: str = ""


class Typing:
    """Turns characters into commands; while a note is typed, letters are letters."""

    def __init__(self) -> None:
        self._note: str | None = None

    @property
    def note(self) -> str | None:
        """The note as far as it is typed, or None while none is."""
        return self._note

    def take(self, characters: str) -> list[Asked]:
        """Take what was typed; return what it asks for, in that order.

        What a key such as an arrow sends begins with Escape and comes at once; it asks for nothing.
        """
        if len(characters) > 1 and characters.startswith(_ESCAPE):
            return []
        asked = []
        for character in characters:
            if self._note is not None:
                found = self._within_note(character)
            else:
                found = Asked(_KEYS[character]) if character in _KEYS else None
            if found is not None:
                self._note = "" if found.command is Command.BEGIN_NOTE else None
                asked.append(found)
        return asked

    def _within_note(self, character: str) -> Asked | None:
        note = self._note or ""
        if character == _CTRL_C:
            return Asked(Command.STOP)
        if character in _ENTER:
            return Asked(Command.NOTE, note.strip())
        if character == _ESCAPE:
            self._note = None
        elif character in _RUBOUT:
            self._note = note[:-1]
        elif character.isprintable():
            self._note = (note + character)[:_LONGEST_NOTE]
        return None
