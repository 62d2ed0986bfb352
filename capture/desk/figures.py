"""What holds for a recording as a whole, in a few words each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture import words

if TYPE_CHECKING:
    from capture.status import SessionStatus


def said(status: SessionStatus) -> list[str]:
    """Say what holds for the recording as a whole."""
    told = []
    if status.skew_ms is not None:
        told.append(f"skew {status.skew_ms:.0f} ms")
    errors_us = [machine.clock_error_us for machine in status.machines]
    told.append(f"clocks ±{max(errors_us, default=0.0) / 1e3:.2f} ms")
    if status.machines:
        told.append(f"disk {words.size(min(machine.free_bytes for machine in status.machines))}")
        if status.minutes_left_on_disk is not None:
            told[-1] += f" = {words.disk_time(status.minutes_left_on_disk)}"
    told += [
        f"{name.removesuffix('_celsius').replace('_', ' ')} {value:.1f} °C"
        for machine in status.machines
        for device in machine.devices
        for name, value in device.readings.items()
        if name.endswith("_celsius")
    ]
    if status.markers:
        told.append(f"{status.markers} marker{'s' if status.markers > 1 else ''}")
    return told


def gone(status: SessionStatus) -> list[tuple[str, str]]:
    """Say which machines and devices are gone now, and what to do."""
    told = [
        (f"{machine.name} does not answer", "see whether that machine and its network are up")
        for machine in status.machines
        if not machine.reachable
    ]
    return told + [
        (f"{device.driver} {device.serial} is gone: {device.problem}", "the others go on")
        for machine in status.machines
        if machine.reachable
        for device in machine.devices
        if not device.connected
    ]
