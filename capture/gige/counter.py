"""Makes a frame counter that only rises out of the block ids of GigE Vision, which wrap."""

from __future__ import annotations

from typing import Final

_WRAP_16: Final = 0xFFFF  # ids run from 1 to this; 0 is never used (GigE Vision 2.2, 24.3)


class BlockCounter:
    """Follows one camera's block ids from its first frame on.

    A camera with 16-bit ids is told from one with 64 bits by what it sends: only the latter goes
    beyond 65535. A gap of up to half the circle is counted right, which at 30 Hz is 18 minutes.
    """

    def __init__(self) -> None:
        self._last_id: int | None = None
        self._number = 0
        self._wide = False

    def number(self, block_id: int) -> int | None:
        """Return the frame's number, or None for an id that does not go forward."""
        if self._last_id is None:
            self._number = block_id
        else:
            self._wide = self._wide or block_id > _WRAP_16
            step = block_id - self._last_id
            if not self._wide:
                step %= _WRAP_16
            if step <= 0 or (not self._wide and step > _WRAP_16 // 2):
                return None
            self._number += step
        self._last_id = block_id
        return self._number
