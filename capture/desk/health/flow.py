"""Do the frames come, and do they reach the disk: judged from the counters alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.desk.health.finding import Finding, Level, graded
from capture.recorder.outcome import DISK_FULL, NOT_ON_GRID, QUEUE_FULL
from taver.core.frames import Modality
from taver.core.session.streams import LOST_BY_DEVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.status import SessionStatus, StreamStatus

BY_PLAN: Final = frozenset({NOT_ON_GRID})
DIM_LIGHT_HZ: Final = 15.0  # a Kinect v2 exposes twice as long then, and halves its rate
_GOOD_RATE, _BAD_RATE = 0.85, 0.65  # of what the device said it delivers
_GOOD_QUEUE, _BAD_QUEUE = 0.25, 0.5
_GOOD_SKEW_MS, _BAD_SKEW_MS = 40.0, 55.0  # half a slot of the 10 Hz grid is 50
_GOOD_CLOCK_US, _BAD_CLOCK_US = 500.0, 1_000.0
_SPARE_MINUTES: Final = 2.0
_USUAL_FIX: Final = "look at the disk, then: taver session verify, when it is over"
_FIXES: Final = {
    LOST_BY_DEVICE: "check the camera's cable and port and a network camera's packet size, and "
    "close other programs",
    QUEUE_FULL: "close other programs, record to a faster disk, or fewer streams",
    DISK_FULL: "free space on the disk",
}


def streams(status: SessionStatus) -> dict[Modality, StreamStatus]:
    """Return every stream of every machine by its modality."""
    return {
        stream.modality: stream
        for machine in status.machines
        for device in machine.devices
        for stream in device.streams
    }


def losses(stream: StreamStatus) -> dict[str, int]:
    """Return what was lost, by reason: frames that the grid had no slot for were not wanted."""
    return {reason: count for reason, count in stream.dropped.items() if reason not in BY_PLAN}


def rate(stream: StreamStatus, nominal_hz: float) -> Finding:
    """Say whether frames come as often as the device said they would."""
    share = stream.rate_hz / nominal_hz if nominal_hz else 1.0
    level = graded(share, good=_GOOD_RATE, bad=_BAD_RATE)
    dim = stream.modality is Modality.COLOR and abs(stream.rate_hz - DIM_LIGHT_HZ) < 2.0
    if dim and nominal_hz > 2 * DIM_LIGHT_HZ - 2.0:
        return Finding(
            about=f"rate {stream.modality}",
            level=level,
            text=f"colour has fallen to {stream.rate_hz:.0f} frames a second (66 ms apart): "
            "it is too dark",
            fix="turn on more light in front of the person",
        )
    return Finding(
        about=f"rate {stream.modality}",
        level=level,
        text=f"{stream.modality} comes at {stream.rate_hz:.1f} of {nominal_hz:.3g} a second",
        fix="give the camera a USB 3 or network port of its own, and close other programs",
    )


def drops(stream: StreamStatus, before: Mapping[str, int], over_s: float) -> Finding:
    """Say whether frames were lost since the counts `before`, `over_s` seconds ago."""
    lost = {
        reason: count - before.get(reason, 0)
        for reason, count in losses(stream).items()
        if count > before.get(reason, 0)
    }
    told = ", ".join(f"{count} {reason}" for reason, count in lost.items())
    frames = f"{sum(lost.values())} frame{'s' if sum(lost.values()) > 1 else ''}"
    return Finding(
        about=f"drops {stream.modality}",
        level=Level.BAD if lost else Level.GOOD,
        text=f"{stream.modality} lost {frames} in {over_s:.0f} s ({told})"
        if lost
        else f"{stream.modality} loses no frames",
        fix="; ".join(dict.fromkeys(_FIXES.get(reason, _USUAL_FIX) for reason in lost)),
    )


def queue(stream: StreamStatus) -> Finding | None:
    """Say whether frames wait to be written."""
    if not stream.queue_size:
        return None
    share = stream.queued / stream.queue_size
    return Finding(
        about=f"queue {stream.modality}",
        level=graded(share, good=_GOOD_QUEUE, bad=_BAD_QUEUE),
        text=f"{stream.modality} waits to be written: {stream.queued} of {stream.queue_size} "
        "places are taken",
        fix="close what else writes to that disk; frames are dropped when the queue is full",
    )


def skew(skew_ms: float | None) -> Finding | None:
    """Say whether the streams are in step."""
    if skew_ms is None:
        return None
    return Finding(
        about="skew",
        level=graded(skew_ms, good=_GOOD_SKEW_MS, bad=_BAD_SKEW_MS),
        text=f"the streams' frames of one moment are {skew_ms:.0f} ms apart",
        fix="a camera slower than the others causes it: see the rates",
    )


def clock(machine: str, error_us: float) -> Finding:
    """Say how well a machine's clock is known."""
    return Finding(
        about=f"clock {machine}",
        level=graded(error_us, good=_GOOD_CLOCK_US, bad=_BAD_CLOCK_US),
        text=f"the clock of {machine} is known to {error_us / 1e3:.2f} ms",
        fix="connect it by cable instead of wireless; the times are fitted again at the end",
    )


def disk(status: SessionStatus) -> Finding | None:
    """Say whether what is left of the recording fits on the disk."""
    left = status.minutes_left_on_disk
    if left is None:
        return None
    needed = max(0.0, status.planned_s - status.elapsed_s) / 60
    return Finding(
        about="disk",
        level=graded(left - needed, good=2 * _SPARE_MINUTES, bad=_SPARE_MINUTES),
        text=f"the disk is full in {left:.0f} minutes, and {needed:.0f} are to come",
        fix="free space on it now; before it is full the recording ends cleanly",
    )
