"""The terminal's keys as they are pressed, without Enter; where there is no terminal, none."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 1024


class Keyboard(Protocol):
    """Gives what was typed."""

    there: bool

    def typed(self) -> str:
        """Return what was typed since the last call; never waits."""
        ...


class NoKeyboard:
    """Recording without an operator."""

    there = False

    def typed(self) -> str:
        """Return nothing."""
        return ""


@contextlib.contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Take keys one by one for the length of the block; the terminal is then as it was."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield NoKeyboard()
    elif sys.platform == "win32":
        yield _WindowsKeyboard()
    elif os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
        yield NoKeyboard()  # in the background: whoever takes keys there is put to sleep
    else:
        with _posix_keyboard(sys.stdin.fileno()) as keys:
            yield keys


if sys.platform == "win32":
    import msvcrt

    class _WindowsKeyboard:
        there = True

        def typed(self) -> str:
            typed = ""
            while msvcrt.kbhit():
                character = msvcrt.getwch()
                if character in "\x00\xe0":  # a function key: its second half says which
                    msvcrt.getwch()
                else:
                    typed += character
            return typed

else:
    import termios
    import tty

    class _PosixKeyboard:
        there = True

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor
            self._letters = codecs.getincrementaldecoder("utf-8")(errors="ignore")

        def typed(self) -> str:
            data = b""
            if select.select([self._descriptor], [], [], 0)[0]:
                with contextlib.suppress(OSError):  # the terminal was closed
                    data = os.read(self._descriptor, _AT_ONCE)
            return self._letters.decode(data)

    @contextlib.contextmanager
    def _posix_keyboard(descriptor: int) -> Iterator[Keyboard]:
        before = termios.tcgetattr(descriptor)
        try:
            # At once: the usual way throws away what is being typed, a Ctrl-C on its way with it,
            # which goes on being a signal.
            tty.setcbreak(descriptor, termios.TCSANOW)
            yield _PosixKeyboard(descriptor)
        finally:
            with contextlib.suppress(termios.error):  # the terminal was closed
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
