"""What a command says to the person at the terminal, and how loudly."""

from __future__ import annotations

import enum
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.errors import TaverError


_WIDEST = 10_000
_PROBLEMS_SHOWN = 20


class Loudness(enum.IntEnum):
    """How much is said besides results and errors."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class Console:
    """Results go to standard output; everything else to standard error."""

    def __init__(self) -> None:
        self.loudness = Loudness.NORMAL
        self.debug = False

    def result(self, text: str, *, hang: int = 0) -> None:
        """Print what was asked for; also when quiet.

        At a terminal a long text goes on `hang` columns from its edge; elsewhere it stays one line.
        """
        if hang and sys.stdout.isatty():
            text = textwrap.fill(
                text,
                shutil.get_terminal_size().columns,
                subsequent_indent=" " * hang,
                break_long_words=False,
                break_on_hyphens=False,
            )
        click.echo(text)

    def say(self, text: str) -> None:
        """Print what is happening, unless quiet."""
        if self.loudness >= Loudness.NORMAL:
            click.echo(text, err=True)

    def detail(self, text: str) -> None:
        """Print what only a curious person wants to know."""
        if self.loudness >= Loudness.VERBOSE:
            click.echo(click.style(text, dim=True), err=True)

    def warn(self, text: str, *, fix: str) -> None:
        """Print what is not right but does not stop us; also when quiet."""
        click.echo(f"{click.style('warning', fg='yellow')}  {text}", err=True)
        click.echo(f"{click.style('    fix', fg='green')}  {fix}", err=True)

    def error(self, error: TaverError) -> None:
        """Print what is wrong, each problem as far as a person reads on, and what to do."""
        click.echo(f"{click.style('error', fg='red', bold=True)}  {error.what}", err=True)
        shown = None if self.loudness >= Loudness.VERBOSE else _PROBLEMS_SHOWN
        for problem in error.problems[:shown]:
            click.echo(f"       - {problem}", err=True)
        more = len(error.problems) - len(error.problems[:shown])
        if more:
            click.echo(f"       ... and {more} more; --verbose shows all", err=True)
        click.echo(f"{click.style('  fix', fg='green', bold=True)}  {error.fix}", err=True)

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = ""
    ) -> None:
        """Print a table as a result; columns whose place in `right` holds 'r' are right-aligned."""
        from rich import box
        from rich.console import Console as Rich
        from rich.table import Table

        table = Table(
            box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, padding=(0, 1, 0, 0)
        )
        for place, column in enumerate(columns):
            table.add_column(column, justify="right" if right[place : place + 1] == "r" else "left")
        for row in rows:
            table.add_row(*row)
        # Without a terminal there is no width to fit: each row stays in one line for grep.
        width = None if sys.stdout.isatty() else _WIDEST
        Rich(width=width, markup=False, highlight=False, emoji=False).print(table)
