"""Chooses live, of a stream's frames, the one nearest to each slot of the shared grid.

The same choice as `taver.core.grid.fill_grid` makes afterwards, frame for frame. A frame at or
behind its slot is chosen at once: whatever follows is further away. One before its slot waits for
the next frame.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from taver.core.clock import NS_PER_S

Item = TypeVar("Item")


class Chosen(NamedTuple, Generic[Item]):
    """What became certain with a frame."""

    kept: tuple[Item, ...] = ()
    spare: tuple[Item, ...] = ()


class Slots(Generic[Item]):
    """The grid of one stream; slot k lies at start_ns + k / rate_hz."""

    def __init__(self, start_ns: int, rate_hz: int) -> None:
        self._start_ns = start_ns
        self._rate_hz = rate_hz
        self._reach_ns = NS_PER_S // (2 * rate_hz)
        self._filled = -1  # the last slot that has its frame
        self._waiting: tuple[int, int, Item] | None = None  # slot, distance, frame

    def offer(self, when_ns: int, item: Item) -> Chosen[Item]:
        """Look at the next frame of the stream."""
        slot, after_ns = self._nearest(when_ns)
        if slot <= self._filled or abs(after_ns) > self._reach_ns:
            return Chosen(spare=(item,))
        kept: tuple[Item, ...] = ()
        spare: tuple[Item, ...] = ()
        if self._waiting is not None:
            held_slot, distance_ns, held = self._waiting
            if slot < held_slot or (slot == held_slot and abs(after_ns) >= distance_ns):
                if slot == held_slot and after_ns >= 0:
                    kept, spare = self.flush(), (item,)
                    return Chosen(kept, spare)
                return Chosen(spare=(item,))
            if slot == held_slot:
                spare = (held,)
                self._waiting = None
            else:
                kept = self.flush()
        if after_ns < 0:
            self._waiting = (slot, -after_ns, item)
            return Chosen(kept, spare)
        self._filled = slot
        return Chosen((*kept, item), spare)

    def flush(self) -> tuple[Item, ...]:
        """Give out the frame that waits for a nearer one: there will be none."""
        if self._waiting is None:
            return ()
        self._filled, _, item = self._waiting
        self._waiting = None
        return (item,)

    def flush_before(self, end_ns: int) -> Chosen[Item]:
        """End it: the frame that waits is chosen if its slot lies before the end."""
        if self._waiting is None or self._slot_ns(self._waiting[0]) < end_ns:
            return Chosen(kept=self.flush())
        return Chosen(spare=self.flush())

    def _slot_ns(self, slot: int) -> int:
        """Return when a slot is, rounded as the core's grid does."""
        return self._start_ns + (2 * slot * NS_PER_S + self._rate_hz) // (2 * self._rate_hz)

    def _nearest(self, when_ns: int) -> tuple[int, int]:
        """Return the nearest slot, of two the earlier, and how far behind it `when_ns` is."""
        before = max(0, (when_ns - self._start_ns) * self._rate_hz // NS_PER_S)
        since, until = when_ns - self._slot_ns(before), self._slot_ns(before + 1) - when_ns
        return (before, since) if since <= until else (before + 1, -until)
