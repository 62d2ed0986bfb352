"""A bar at a terminal, plain lines elsewhere, and neither for what takes under two seconds."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

import click

from taver.cli.console import Console, Loudness

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PATIENCE_S = 2.0
LINE_EVERY_S = 10.0


class ConsoleProgress:
    """Shows the progress of an engine once it has taken longer than a person's patience."""

    def __init__(self, console: Console) -> None:
        self._quiet = console.loudness < Loudness.NORMAL
        self._terminal = sys.stderr.isatty()
        self._turn = threading.Lock()
        self._title = ""
        self._total = 0
        self._done = 0
        self._began_s = 0.0
        self._told_s = 0.0
        self._bars: Bars | None = None
        self._bar: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._turn:
            self._end(well=kind is None)

    def begin(self, title: str, total: int) -> None:
        """End what was under way and start the next."""
        with self._turn:
            self._end(well=True)
            self._title, self._total, self._done = title, total, 0
            self._began_s = self._told_s = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """Move on, from any thread; show it if the time has come."""
        with self._turn:
            self._advance(steps)

    def _advance(self, steps: int) -> None:
        self._done += steps
        if self._quiet or not self._title:
            return
        now_s = time.monotonic()
        if now_s - self._began_s < PATIENCE_S:
            return
        if self._terminal:
            self._draw()
        elif now_s - self._told_s >= (LINE_EVERY_S if self._told_s > self._began_s else 0):
            self._told_s = now_s
            self._line(now_s)

    def _draw(self) -> None:
        if self._bars is None:
            from rich.console import Console as Rich
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}/s"),
                TimeRemainingColumn(),
                console=Rich(stderr=True),
                expand=True,
            )
            self._bars.start()
            self._bar = self._bars.add_task(self._title, total=self._total, rate="")
        if self._bar is not None:
            rate = self._rate(time.monotonic())
            self._bars.update(self._bar, completed=self._done, rate=rate)

    def _line(self, now_s: float) -> None:
        share = self._done / self._total if self._total else 0.0
        left_s = (now_s - self._began_s) * (1 - share) / share if share else float("nan")
        click.echo(
            f"{self._title}: {self._done} of {self._total}, {self._rate(now_s)} a second, "
            f"about {left_s:.0f} s left",
            err=True,
        )

    def _rate(self, now_s: float) -> str:
        """Return how many steps a second there were so far."""
        rate = self._done / max(now_s - self._began_s, 1e-9)
        return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"

    def _end(self, *, well: bool) -> None:
        if self._bars is not None:
            if well and self._bar is not None:
                self._bars.update(self._bar, completed=self._done)
            self._bars.stop()
            self._bars = self._bar = None
        elif self._told_s > self._began_s and well:
            took_s = time.monotonic() - self._began_s
            click.echo(f"{self._title}: {self._done} done in {took_s:.0f} s", err=True)
        self._title = ""
        self._told_s = self._began_s
