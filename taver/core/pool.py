"""Processes that work for this one, count where it looks now and then, and see when to stop."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from taver.core import worker

if TYPE_CHECKING:
    from types import TracebackType


class Pool(ProcessPoolExecutor):
    """So many processes, which begin when there is work for them.

    They count in places of their own, each of which one process at a time has.
    """

    def __init__(self, jobs: int, places: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        # Numbers without a lock: one that a process holds while it is killed is never given back.
        self._steps: Any = context.RawArray("q", max(places, 1))
        self._stop: Any = context.RawValue("b", 0)
        super().__init__(
            jobs, mp_context=context, initializer=_begin, initargs=(self._steps, self._stop)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.stop()
        self.shutdown(wait=True, cancel_futures=True)

    @property
    def counted(self) -> int:
        """How many steps were counted so far, by all processes together."""
        return sum(self._steps)

    def stop(self) -> None:
        """Let each process end its work at the next step that it counts."""
        self._stop.value = 1


class Teller:
    """Counts, in a process of a pool, as the progress of what it works on."""

    def __init__(self, place: int) -> None:
        self._place = place

    def begin(self, title: str, total: int) -> None:
        """Say nothing: the other process counts all work together."""

    def advance(self, steps: int = 1) -> None:
        """Count."""
        if _here["stop"].value:
            raise KeyboardInterrupt
        _here["steps"][self._place] += steps


_here: dict[str, Any] = {}  # of a process of a pool: what it has in common with the first one


def _begin(steps: Any, stop: Any) -> None:
    worker.begin()
    _here.update(steps=steps, stop=stop)
