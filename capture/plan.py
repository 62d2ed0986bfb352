"""What is to be recorded: of whom, how long, which streams, on which grid."""

from __future__ import annotations

import enum
import math
from typing import Final

import msgspec

from taver.core.errors import InputError
from taver.core.frames import Modality

USUAL_STREAMS: Final = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
GRID_HZ: Final = 10
_FASTEST_HZ: Final = 1_000


class Nuc(enum.StrEnum):
    """Who closes the thermal camera's shutter: the camera when it likes, or taver when told."""

    AUTO = "auto"
    MANUAL = "manual"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A recording as it was asked for; it travels to every machine that takes part."""

    session: str
    participant: str | None
    seconds: float
    streams: tuple[Modality, ...] | None = None  # None: all that the devices deliver
    grid_hz: int = 0  # slots a second, one frame each; 0 keeps every frame
    nuc: Nuc = Nuc.AUTO
    part: int = 1  # 2 and on: added to a session that is there (--resume)

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise InputError(
                f"Nothing can be recorded in {self.seconds} seconds",
                fix="give a length above 0, in seconds",
            )
        if not 0 <= self.grid_hz <= _FASTEST_HZ:
            raise InputError(
                f"A grid of {self.grid_hz} slots a second",
                fix=f"give a rate from 1 to {_FASTEST_HZ}, or 0 to keep every frame",
            )
        if self.streams is not None and len(set(self.streams)) != len(self.streams):
            raise InputError(
                f"Streams are named twice: {', '.join(self.streams)}", fix="name each once"
            )

    def wants(self, modality: Modality) -> bool:
        """Tell whether a stream that a device delivers is to be recorded."""
        return self.streams is None or modality in self.streams
