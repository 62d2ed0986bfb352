"""Ctrl-C during training: the step is ended, what is done is saved, then it stops."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType


class Stop:
    """Hears Ctrl-C, so that a step is never cut in two; a second one ends at once."""

    def __init__(self, elsewhere: Any = None) -> None:
        self._asked = False
        self._elsewhere = elsewhere  # an event of another process, which may hear it for us
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, _: int, __: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    @property
    def asked(self) -> bool:
        """Tell whether this process was asked to stop."""
        return self._asked or (self._elsewhere is not None and self._elsewhere.is_set())

    def asked_of_any(self, fabric: Any) -> bool:
        """Tell whether any process was asked to stop; all of them hear the same answer."""
        return any_of(fabric, told=self.asked)


def any_of(fabric: Any, *, told: bool) -> bool:
    """Tell whether any process says so; all of them hear the same answer."""
    if fabric.world_size == 1:
        return told
    import torch

    return bool(float(fabric.all_reduce(torch.tensor(float(told)), reduce_op="sum")) > 0)
