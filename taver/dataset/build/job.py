"""What has to be known to cut one recording's pictures, wherever that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator

Crop = Literal["face", "frame"]


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures of one recording: from where, how many, and how they are cut."""

    study: str  # its folder; every worker has to see it under this name
    session: str
    recording: str  # as it is called in the dataset
    modalities: tuple[Modality, ...]
    start_unix_ns: int  # of slot 0
    slots: int
    rate_hz: int
    size_px: int
    crop: Crop
    least_seen: float
    key: str  # tells these pictures from any others: see `keys`


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Some slots of a recording, which one worker cuts and writes in one go: whole shards."""

    cut: Cut
    first: int
    count: int
    staging: str  # where the dataset is being built


def blocks_of(cut: Cut, staging: str, frames: int) -> Iterator[Block]:
    """Divide a recording into blocks of so many slots."""
    for first in range(0, cut.slots, frames):
        count = min(frames, cut.slots - first)
        yield Block(cut=cut, first=first, count=count, staging=staging)
