"""What people copy into the shell of their system: words quoted for it, lines one after another."""

from __future__ import annotations

import shlex
import sys
from typing import Final

# What cmd.exe and PowerShell take for more than a letter.
_WINDOWS_WANTS_QUOTED: Final = frozenset(" []<>&|()^;,='`{}@#$")


def quoted(word: str | object) -> str:
    """Return a word, or a path, so that the shell takes it for one word and for nothing else."""
    text = str(word)
    if sys.platform == "win32":
        return f'"{text}"' if not text or set(text) & _WINDOWS_WANTS_QUOTED else text
    return shlex.quote(text)


def in_steps(line: str) -> list[str]:
    """Return a long line in pieces that are still one command when they are copied together."""
    first, *others = line.split(" && ")
    pieces = [first]
    for other in others:
        pieces[-1] += " &&"
        pieces.append(other)
    return pieces


def one_after_another(*lines: str) -> str:
    """Return lines as one text; each is for when the one before went well."""
    # cmd.exe knows &&, and the PowerShell that Windows brings does not.
    return (", then " if sys.platform == "win32" else " && ").join(lines)
