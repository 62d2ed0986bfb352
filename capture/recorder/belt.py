"""A queue of a fixed length between the thread that takes frames and those that store them."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Belt(Generic[Item]):
    """Hands items out in the order put on, each with its number."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._items: deque[Item] = deque()
        self._next = 0
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def closed(self) -> bool:
        """Whether no more is taken."""
        return self._closed

    def put(self, item: Item, *, wait: bool) -> bool:
        """Put an item on; return False if the belt is full, or closed."""
        with self._changed:
            while wait and len(self._items) >= self.size and not self._closed:
                self._changed.wait()
            if self._closed or len(self._items) >= self.size:
                return False
            self._items.append(item)
            return True

    def take(self) -> tuple[int, Item]:
        """Return the next item; there has to be one."""
        with self._changed:
            number, self._next = self._next, self._next + 1
            item = self._items.popleft()
            self._changed.notify()
            return number, item

    def close(self) -> None:
        """Take no more items; those on it can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
