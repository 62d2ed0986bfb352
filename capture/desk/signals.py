"""Ctrl-C, and being told to end: the recording is stopped and finished, however often it comes."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSISTS: Final = 3  # times
# Ctrl-Z would let us sleep, and who records for us takes that for our death.
_IGNORED: Final = "SIGTSTP"
# SIGHUP: the terminal was closed. SIGBREAK is what Windows has for the same.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class StopAsked:
    """Whether somebody asked for the end, and by what."""

    def __init__(self) -> None:
        self.by = ""
        self.times = 0

    def __bool__(self) -> bool:
        return bool(self.by)


@contextlib.contextmanager
def heard() -> Iterator[StopAsked]:
    """Take those signals as a wish to stop for the length of the block.

    The third one raises KeyboardInterrupt: whoever insists does not want to wait any longer, for a
    recording that has to be fetched from a machine far away.
    Signals can be taken by a program's main thread only; in another the block hears none.
    """
    asked = StopAsked()

    def hear(number: int, _: object) -> None:
        asked.times += 1
        asked.by = asked.by or ("Ctrl-C" if number == signal.SIGINT else "its end was asked for")
        if asked.times >= _INSISTS:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {}
    try:
        for name in _NAMES:
            number = getattr(signal, name, None)
            # What was ignored when it began (nohup, a job in the background) stays ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, hear)
        if hasattr(signal, _IGNORED):
            number = getattr(signal, _IGNORED)
            before[number] = signal.signal(number, signal.SIG_IGN)
        yield asked
    finally:
        for number, handler in before.items():
            # None: it was set by something that is not Python, and cannot be set again by us.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Take a Ctrl-C as ever, and once more at the end of the block if something swallowed it.

    Python drops exceptions that arise in a callback or while an object is put away.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    asked = False

    def hear(_number: int, _: object) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
