"""docs/commands.md, made of the commands themselves: python tests/support/reference.py

A test compares; after changing a command, run it and commit what it wrote.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import click

from taver.cli.table import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
HEAD = """# Every command

Made from the commands' own help, and compared with it by a test. `-v` tells more on the way, `-q`
prints results and errors only, and `--debug` shows the traceback of an error; they may stand
anywhere on the line. Each command looks for `study.toml` from the folder you are in upwards.
"""
COMMON = {"verbose", "quiet", "debug", "help"}


def page():
    """Return the whole page."""
    parts = [HEAD]
    for name, entry in COMMANDS.items():
        module, _, attribute = entry.target.partition(":")
        parts += _of(f"taver {name}", getattr(importlib.import_module(module), attribute), 2)
    return "\n".join(parts)


def _of(name, command, level):
    """Return the lines on a command, and on those below it."""
    context = click.Context(command, info_name=name)
    takes = [p for p in command.params if isinstance(p, click.Argument)]
    line = " ".join([name, *(p.make_metavar(context) for p in takes)])
    lines = [f"{'#' * level} {line}", "", *_told(command)]
    options = [
        parameter.get_help_record(context)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in COMMON
    ]
    known = [record for record in options if record is not None]
    if known:
        lines += ["| option | meaning |", "|---|---|"]
        lines += [f"| `{_cell(option)}` | {_cell(meaning)} |" for option, meaning in known]
        lines.append("")
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            below = command.get_command(context, inner)
            if not below.hidden:
                lines += _of(f"{name} {inner}", below, 3)
    return lines


def _told(command):
    """Return the help as paragraphs; an example is what can be typed."""
    lines = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        text = " ".join(paragraph.replace("\b", "").split())
        if text.startswith("Example: "):
            text = f"Example: `{text.removeprefix('Example: ')}`"
        lines += [text, ""]
    return lines


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
