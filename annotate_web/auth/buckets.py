"""How often one person may ask for something: a bucket that fills slowly and is emptied by use."""

from __future__ import annotations

import threading
import time
from typing import Final

_MOST: Final = 10_000


class Buckets:
    """One bucket a key; those that are full again are forgotten."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, *, per_s: float, at_once: float) -> float:
        """Take one out of `key`'s bucket; return 0, or in how many seconds there will be one."""
        now_s = time.monotonic()
        with self._lock:
            if len(self._levels) > _MOST:
                self._levels = {
                    k: (level, at_s)
                    for k, (level, at_s) in self._levels.items()
                    if level + (now_s - at_s) * per_s < at_once
                }
            level, at_s = self._levels.get(key, (at_once, now_s))
            level = min(at_once, level + (now_s - at_s) * per_s)
            enough = level >= 1
            self._levels[key] = (level - 1 if enough else level, now_s)
        return 0.0 if enough else (1 - level) / per_s
