"""A command line at a terminal of eighty columns, with somebody who types."""

from __future__ import annotations

import contextlib
import os
import re
import select
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import children

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """The person's side of it."""

    def __init__(self, descriptor: int, process: subprocess.Popen) -> None:
        self.process = process
        self.seen = ""
        self._descriptor = descriptor

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._descriptor, text.encode())

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._descriptor)
        self._descriptor = -1

    def wait_for(self, words: str, seconds: float = 60.0) -> str:
        """Read until the words were shown."""
        until_s = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < until_s, f"{words!r} was never shown:\n{self.seen[-3000:]}"
            self._read()
        return self.seen

    def wait(self, seconds: float = 60.0) -> int:
        """Read until it has ended; return its exit code."""
        until_s = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < until_s, self.seen[-3000:]
            self._read()
        self._read()
        return self.process.returncode

    def _read(self) -> None:
        if select.select([self._descriptor], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):
                data = os.read(self._descriptor, 65536).decode("utf-8", "replace")
                self.seen += _ESCAPES.sub("", data)


@contextlib.contextmanager
def terminal(*arguments: str, cwd) -> Iterator[Terminal]:
    """Start `taver` with these arguments at a terminal of its own."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code + children.TAVER, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=children.environment_with({"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  Ctrl-C is typed
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):  # the window was closed already
            os.close(ours)
