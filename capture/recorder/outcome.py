"""What a machine's recording comes to: its files, its markers, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from taver.core.errors import TaverError
    from taver.core.frames import Modality
    from taver.core.session.manifest import Marker, Piece

# How a recording that ended before its time is marked.
BROKEN_OFF: Final = "broken off"
# How the time is marked in which a device gave nothing.
GAP: Final = "gap"

# Why frames were dropped, besides those the device's own counter tells of.
QUEUE_FULL: Final = "queue full"
NOT_ON_GRID: Final = "not on the grid"
DISK_FULL: Final = "disk full"
NOT_WRITABLE: Final = "not writable"
WRONG_SIZE: Final = "wrong size"
NOT_ENCODABLE: Final = "not encodable"


class Recorded(NamedTuple):
    """What is there after a recording."""

    pieces: dict[Modality, Piece]  # of every file that was finished
    markers: tuple[Marker, ...]
    problems: tuple[TaverError, ...]  # what went wrong while it was recorded
    # What kept a file from being finished; it stays partial, for `recover`.
    unfinished: tuple[TaverError, ...] = ()
