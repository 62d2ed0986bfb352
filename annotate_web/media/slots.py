"""Which recorded picture is shown at each tenth of a second of a clip."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    Times = npt.NDArray[np.int64]

RATE_HZ: Final = 10
PERIOD_NS: Final = NS_PER_S // RATE_HZ


class Slots(NamedTuple):
    """Slot number k of a clip is on the screen from k / 10 s of the video on.

    A slot in whose tenth of a second a picture was taken shows it, and has its time. Where none
    was taken the one before stands still, and the slot's time is its own: the people who watch
    judge that moment, too.
    """

    frames: Times  # the number of the picture in the recording
    unix_ns: Times  # increasing
    held: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.frames)

    def part(self, first: int, last: int) -> Slots:
        """Return the slots from number `first` to before `last`."""
        return Slots(self.frames[first:last], self.unix_ns[first:last], self.held[first:last])


def slots_of(unix_ns: Times, from_ns: int, until_ns: int) -> Slots:
    """Lay slots over the pictures that were taken from `from_ns` to before `until_ns`.

    The slots' phase is where most pictures lie, so that a camera of ten pictures a second has
    one in each although its times tremble.
    """
    inside = np.flatnonzero((unix_ns >= from_ns) & (unix_ns < until_ns))
    if not len(inside):
        raise InputError(
            "No picture was taken in that stretch",
            fix="choose another --phase, --from or --to; taver session show tells what there is",
        )
    times = unix_ns[inside]
    start_ns = int(times[0]) + _phase_ns(times - times[0])
    place = np.rint((times - start_ns) / PERIOD_NS).astype(np.int64)
    place -= place[0]
    start_ns += round((int(times[0]) - start_ns) / PERIOD_NS) * PERIOD_NS
    centre_ns = start_ns + place * PERIOD_NS
    # Of several in one slot the nearest to its middle is shown.
    order = np.lexsort((np.abs(times - centre_ns), place))
    filled, at = np.unique(place[order], return_index=True)
    nearest = order[at]
    count = int(filled[-1]) + 1
    held = np.ones(count, bool)
    held[filled] = False
    last_filled = np.maximum.accumulate(np.where(held, -1, np.arange(count)))
    rank = np.searchsorted(filled, last_filled)
    chosen = inside[nearest][rank]
    shown_ns = np.where(held, start_ns + np.arange(count) * PERIOD_NS, unix_ns[chosen])
    return Slots(chosen.astype(np.int64), shown_ns.astype(np.int64), held)


def parts(slots: Slots, most_minutes: float) -> list[Slots]:
    """Split into parts of one length, none longer than that."""
    if not most_minutes > 0:
        raise InputError(
            f"--max-minutes {most_minutes:g} leaves nothing to see", fix="give more than 0"
        )
    most = int(min(max(1.0, most_minutes * 60 * RATE_HZ), float(max(1, len(slots)))))
    count = -(-len(slots) // most)
    edges = [len(slots) * number // count for number in range(count + 1)]
    return [slots.part(first, last) for first, last in itertools.pairwise(edges)]


def _phase_ns(since_ns: Times) -> int:
    """Return where within a slot pictures usually lie: the mean direction on a circle."""
    angle = 2 * np.pi * (since_ns % PERIOD_NS) / PERIOD_NS
    mean = np.arctan2(np.sin(angle).mean(), np.cos(angle).mean())
    return round(float(mean) / (2 * np.pi) * PERIOD_NS)
