"""What an agent is started with, by a command line or by the master."""

from __future__ import annotations

from typing import Any

import msgspec

from capture.keys.pair import Z85, KeyPair


class DeviceLaunch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device: its driver, and the driver's own Config as plain values."""

    driver: str
    config: dict[str, Any] = {}


class Skew(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clock that is wrong on purpose, to see what becomes of it."""

    ahead_ns: int = 0
    drift_ppm: float = 0.0
    stands_at_s: float = 0.0  # so long after the start it stands still, as in a suspended machine
    stands_for_s: float = 0.0


class Launch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an agent needs to know."""

    name: str
    listen: str  # host:port; port 0 for any that is free
    pair: KeyPair
    masters: tuple[Z85, ...]  # the public keys of those it obeys
    devices: tuple[DeviceLaunch, ...]
    spool: str = ""  # where recordings wait for being collected; empty: beside its master
    skew: Skew | None = None
