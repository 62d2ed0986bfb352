"""What a burst of exchanges says for certain: between which bounds the two clocks differ.

A question cannot arrive before it left: by so much at most the machine's clock is ahead. Nor can an
answer: by so much at least it is. Where packets are held up, the quickest question and the quickest
answer of a burst count, though they may belong to different exchanges.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.clock import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taver.core.session.clocks import Exchange

# Questions of one burst leave closer to each other than this; bursts are further apart.
_APART_NS: Final = 100 * NS_PER_MS


class Bounds(NamedTuple):
    """How far a machine's clock is ahead of the master's at one moment."""

    master_ns: int
    lowest_ns: int
    highest_ns: int

    @property
    def middle_ns(self) -> int:
        """The best guess: questions and answers take equally long."""
        return (self.lowest_ns + self.highest_ns) // 2

    @property
    def halfwidth_ns(self) -> int:
        """How far the guess may be off at most, where the bounds are in order."""
        return max(0, self.highest_ns - self.lowest_ns) // 2


def bounds(burst: Sequence[Exchange]) -> Bounds:
    """Return what one burst says; there is at least one exchange in it."""
    ask = min(burst, key=lambda e: e.heard_host_ns - e.asked_master_ns)
    tell = min(burst, key=lambda e: e.received_master_ns - e.answered_host_ns)
    return Bounds(
        (ask.asked_master_ns + tell.received_master_ns) // 2,
        tell.answered_host_ns - tell.received_master_ns,
        ask.heard_host_ns - ask.asked_master_ns,
    )


def bursts(exchanges: Iterable[Exchange]) -> list[list[Exchange]]:
    """Put exchanges together that were made at one time."""
    grouped: list[list[Exchange]] = []
    last_ns = 0
    for exchange in sorted(exchanges, key=lambda e: e.asked_master_ns):
        if not grouped or exchange.asked_master_ns - last_ns > _APART_NS:
            grouped.append([])
        last_ns = exchange.asked_master_ns
        grouped[-1].append(exchange)
    return grouped


def jumped(before: Bounds, after: Bounds) -> bool:
    """Tell whether no drift explains two bursts that follow each other: a clock was set."""
    passed_ns = after.master_ns - before.master_ns
    slack_ns = _JUMP_NS + round(passed_ns * _FASTEST_DRIFT)
    return (
        after.lowest_ns > before.highest_ns + slack_ns
        or after.highest_ns < before.lowest_ns - slack_ns
    )


# Crystals differ by less than this, and by as much only when hot; below so much is no jump.
_FASTEST_DRIFT: Final = 500e-6
_JUMP_NS: Final = 2_000_000


def steady(found: Sequence[Bounds]) -> list[list[Bounds]]:
    """Part what bursts say wherever a clock jumped between two of them."""
    parts: list[list[Bounds]] = [list(found[:1])] if found else []
    for before, after in itertools.pairwise(found):
        if jumped(before, after):
            parts.append([])
        parts[-1].append(after)
    return parts
