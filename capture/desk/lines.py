"""A recording told in plain lines, where no terminal can be drawn on: a log, a remote start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from capture import words
from capture.desk.health.flow import losses, streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.desk.view import View

EVERY_S: Final = 10.0


class PlainLines:
    """Says each event once, and every ten seconds how it goes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = False
        self._told = 0
        self._said_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, view: View) -> None:
        """Say what is new."""
        if not self._began:
            self._began = True
            for what, address in view.pages:
                self._say(f"{what}: {address}")
        for event in view.events:
            if event.number > self._told:
                self._told = event.number
                self._say(f"{words.time_of_day(event.unix_ns)}  {event.text}")
                if event.fix:
                    self._say(f"          {event.fix}")
        if view.status.elapsed_s - self._said_s >= EVERY_S:
            self._said_s = view.status.elapsed_s
            self._say(summary(view))


def summary(view: View) -> str:
    """Say in one line how the recording goes."""
    status = view.status
    told = [f"{words.clock(status.elapsed_s)} of {words.clock(status.planned_s)}"]
    if view.phase is not None:
        told.append(f"{view.phase.name}, {words.clock(view.phase.left_s)} left")
    for modality, stream in streams(status).items():
        lost = sum(losses(stream).values())
        told.append(
            f"{modality} {stream.stored} at {stream.rate_hz:.1f} Hz"
            + (f", {lost} lost" if lost else "")
        )
    if status.skew_ms is not None:
        told.append(f"skew {status.skew_ms:.0f} ms")
    if status.minutes_left_on_disk is not None:
        told.append(f"disk for {words.disk_time(status.minutes_left_on_disk)}")
    return "; ".join(told)
