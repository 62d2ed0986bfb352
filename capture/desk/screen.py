"""The operator's screen: all that matters of a recording in eighty columns of a terminal."""

from __future__ import annotations

import contextlib
import textwrap
import time
from typing import TYPE_CHECKING, Any, Final, Self

from capture import words
from capture.desk import figures
from capture.desk.health.flow import losses, streams
from capture.desk.keys import HELP
from capture.desk.phases import ends_by, what_is_next
from capture.desk.view import Tone

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

    from capture.desk.view import PhaseView, View
    from capture.status import SessionStatus

_EVENTS: Final = 5
_DRAWN_EVERY_S: Final = 0.25
_USUAL_HEIGHT: Final = 24
_WIDTH: Final = 80
_STYLES: Final = {Tone.PLAIN: "", Tone.WARNING: "yellow", Tone.GOOD: "green"}


class LiveScreen:
    """Draws the screen anew in its place, as often as it is told to."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console as Rich

        self._console = console or Rich(stderr=True)
        self._live: Live | None = None
        self._drawn_s = 0.0

    def __enter__(self) -> Self:
        from rich.live import Live

        self._live = Live(
            console=self._console, auto_refresh=False, vertical_overflow="crop", transient=False
        )
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            with contextlib.suppress(OSError):  # the terminal was closed
                self._live.stop()

    def show(self, view: View) -> None:
        """Draw what is so now, but not more often than people can read."""
        now_s = time.monotonic()
        is_due = now_s - self._drawn_s >= _DRAWN_EVERY_S or view.ending or view.note is not None
        if self._live is not None and is_due:
            self._drawn_s = now_s
            self._live.update(drawn(view, self._console.height), refresh=True)


def drawn(view: View, height: int = _USUAL_HEIGHT) -> RenderableType:
    """Return the screen as rich draws it, in so many lines: what matters least is left out."""
    from rich.console import Group
    from rich.text import Text

    above: list[Any] = [_head(view)]
    if view.phase is not None:
        above += [Text(), *_phase(view.phase, keys=view.keys)]
    above += [Text(), _streams(view.status), *_figures(view.status)]
    below = [Text(), *_foot(view)]
    rows = len(streams(view.status))  # the table is one part, and its head a line
    left = height - len(above) - rows - len(below) - 1
    middle: list[Any] = []
    for number, warning in enumerate(view.warnings):
        if left < 3 and number < len(view.warnings) - 1:
            middle.append(_line(f"! and {len(view.warnings) - number} more warnings"))
            left -= 1
            break
        middle.append(_line(("! ", "bold yellow"), (warning.text, "yellow")))
        left -= 1
        if warning.fix and left > len(view.warnings) - number:
            told = _wrapped(warning.fix)
            middle += told
            left -= len(told)
    shown = view.events[-min(left - 1, _EVENTS) :] if left > 1 else ()
    if shown:
        middle.append(Text())
        middle += [
            _line((f"{words.time_of_day(e.unix_ns)}  ", "dim"), (e.text, _STYLES[e.tone]))
            for e in shown
        ]
    return Group(*above, *([Text()] if view.warnings and left > 1 else []), *middle, *below)


def _head(view: View) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    status = view.status
    name = Text.assemble((status.session, "bold"), f"  {view.participant or 'nobody'}")
    if view.simulated:
        name.append("  SIMULATED", "bold magenta")
    right = Text(f"{words.clock(status.elapsed_s)} of {words.clock(status.planned_s)}  ")
    right.append("ENDING" if view.ending else "● REC", "bold yellow" if view.ending else "bold red")
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right", no_wrap=True)
    head.add_row(name, right)
    return head


def _phase(phase: PhaseView, *, keys: bool) -> list[RenderableType]:
    until = ends_by(phase, keys=keys)
    left = f"{words.clock(phase.left_s)} left" + (f", {until}" if until else "")
    lines = [
        _line(
            (f"{phase.name}", "bold cyan"),
            f"  {phase.number} of {phase.count}, {phase.kind}  ",
            left,
        )
    ]
    if phase.tell:
        lines.append(_line(f"  {phase.tell}"))
    lines.append(_line(("  next: ", "dim"), what_is_next(phase)))
    if phase.then:
        lines.append(_line(f"        {phase.then}"))
    return lines


def _streams(status: SessionStatus) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("stream", min_width=8)
    for column in ("rate", "stored", "lost", "queue", "to disk", "size"):
        table.add_column(column, justify="right", min_width=7, no_wrap=True)
    for modality, s in streams(status).items():
        lost = sum(losses(s).values())
        table.add_row(
            str(modality),
            f"{s.rate_hz:.1f} Hz",
            f"{s.stored}",
            f"[bold yellow]{lost}[/]" if lost else "0",
            f"{s.queued}/{s.queue_size}" if s.queue_size else f"{s.queued}",
            f"{s.write_p99_ms:.0f} ms" if s.write_p99_ms else "-",
            words.size(s.size_bytes),
        )
    return table


def _figures(status: SessionStatus) -> list[RenderableType]:
    return [
        _line("   ".join(figures.said(status))),
        *(_line(("! ", "bold red"), (text, "red")) for text, _ in figures.gone(status)),
    ]


def _foot(view: View) -> list[RenderableType]:
    lines = [_line((f"{what}: ", "dim"), address) for what, address in view.pages]
    if view.ending:
        lines.append(_line((f"{view.ending}; files are being finished, wait", "bold")))
    elif view.note is not None:
        lines.append(
            _line(
                ("note: ", "bold"),
                view.note,
                ("▏", "bold"),
                ("  Enter keeps it, Esc drops it", "dim"),
            )
        )
    elif view.keys:
        lines.append(
            _line(*[p for key, what in HELP for p in ((key, "bold"), (f" {what}   ", "dim"))])
        )
    return lines


def _wrapped(text: str) -> list[RenderableType]:
    """Return what to do, whole, in as many lines as it takes."""
    lines = textwrap.wrap(text, _WIDTH - 2)
    return [_line(f"  {line}") for line in lines]


def _line(*parts: str | tuple[str, str]) -> RenderableType:
    """Return one line of text that is cut off where the terminal ends, never wrapped."""
    from rich.text import Text

    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")
