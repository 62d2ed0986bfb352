"""Threads that encode and write the frames of all streams of a machine, in the order they came.

As a rule the first does it all: pictures of one moment are encoded one behind the other on a core
that is warm, for a tenth less than on cores that sleep in between. The others help when frames pile
up. The libraries that encode let go of the interpreter, so that each helper is a core more.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# So many frames wait before the next thread helps; more than one moment's.
_HELP_AT: Final = 4
_MOST: Final = 4


class Workers:
    """Does what is put before it; `close` lets it finish that first."""

    def __init__(self) -> None:
        self._jobs: deque[Callable[[], None]] = deque()
        self._closed = False
        self._turn = threading.Lock()
        count = max(1, min(_MOST, os.cpu_count() or 1))
        self._wanted = [threading.Condition(self._turn) for _ in range(count)]

    def start(self) -> None:
        """Begin."""
        for rank in range(len(self._wanted)):
            name = f"record store {rank + 1}"
            threading.Thread(target=self._work, args=(rank,), name=name, daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Let `job` be done after those before it were begun."""
        with self._turn:
            self._jobs.append(job)
            for rank in range(min(len(self._wanted), 1 + len(self._jobs) // _HELP_AT)):
                self._wanted[rank].notify()

    def close(self) -> None:
        """Do what was submitted, and no more."""
        with self._turn:
            self._closed = True
            for wanted in self._wanted:
                wanted.notify()

    def _work(self, rank: int) -> None:
        while (job := self._next(rank)) is not None:
            job()

    def _next(self, rank: int) -> Callable[[], None] | None:
        with self._turn:
            while len(self._jobs) <= rank * (_HELP_AT - 1):
                if self._closed:
                    return None
                self._wanted[rank].wait()
            return self._jobs.popleft()
