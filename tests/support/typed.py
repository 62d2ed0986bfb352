"""What README and docs tell people to type, and what a line needs that a test does not have.

A comment in a block marks the lines below it: a test reads them and does not run them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MARKS = (
    "needs a camera", "needs another machine", "needs an installation", "needs a GPU",
    "needs a server", "needs files of yours", "needs people", "needs a free processor",
    "takes minutes", "takes hours", "runs until Ctrl-C",
)  # fmt: skip
_FENCE = re.compile(r"^\s*```(.*)$")


class Block(NamedTuple):
    """A block of code in a page."""

    language: str
    text: str


class Command(NamedTuple):
    """A line to type, and its mark; one without a mark can be typed in the demo's study."""

    line: str
    mark: str


def blocks(page):
    """Yield the blocks of a page, from fence to fence, without the indentation they stand at."""
    opened, lines = None, []
    for line in page.read_text("utf-8").splitlines():
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened, lines = (fence[1].strip(), len(line) - len(line.lstrip())), []
        elif fence:
            yield Block(opened[0], "\n".join(lines) + "\n")
            opened = None
        elif opened is not None:
            lines.append(line[opened[1] :])
    assert opened is None, f"{page.name}: a block is never closed"


def commands(page):
    """Yield the commands in a page's blocks, one by one, with their marks."""
    for block in blocks(page):
        if block.language not in ("", "sh", "bash"):
            continue
        mark = ""
        for line in block.text.splitlines():
            if line.startswith("# "):
                mark = line[2:]
                assert mark in MARKS, f"{page.name}: {mark}"
            for command in re.split(r"\s+&&\s+|;\s+", line):
                if command.startswith(("taver ", "cd ")):
                    yield Command(command, mark)


def typed(page):
    """Yield the commands in a page that can be typed anywhere."""
    for command in commands(page):
        if not command.mark:
            yield command.line
