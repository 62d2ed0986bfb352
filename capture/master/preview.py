"""What the master learnt before anything was recorded."""

from __future__ import annotations

import msgspec

from capture.glimpse import Glimpse
from capture.status import Happening, MachineStatus, SessionStatus
from taver.core.frames import DeviceInfo, Modality


class SessionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would be recorded from, after everything was found to be in order."""

    devices: tuple[DeviceInfo, ...]
    machines: tuple[MachineStatus, ...]
    warnings: tuple[str, ...]  # of the devices and of ours; nothing that forbids a recording
    held: tuple[str, ...] = ()  # sessions that agents still hold recordings of, to be collected


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """What some seconds of all streams were like; nothing of them was kept."""

    status: SessionStatus  # at their end
    glimpses: dict[Modality, tuple[Glimpse, ...]]  # about two a second, in the order taken
    happenings: tuple[Happening, ...]
