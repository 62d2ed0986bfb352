"""How the operator wants the recording to go."""

from __future__ import annotations

import msgspec

from capture.plan import Nuc
from capture.protocol.file import Protocol


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk does besides recording what the plan says."""

    session: str
    protocol: Protocol | None = None
    nuc: Nuc = Nuc.AUTO
    nuc_every_ns: int = 180_000_000_000
    preview: bool = False  # serve the pictures on this machine
    lsl: bool = False  # tell other programs of frame times and markers
