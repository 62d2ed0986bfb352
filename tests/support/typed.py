"""The commands that README and docs tell people to type."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def typed(page):
    """Yield the commands in a page's code blocks, one by one."""
    for block in re.findall(r"(?ms)^```(?:sh|bash)?\n(.*?)^```", page.read_text("utf-8")):
        for line in block.splitlines():
            for command in re.split(r"\s+&&\s+|;\s+", line):
                if command.startswith(("taver ", "cd ")):
                    yield command
