"""Is there room on the disk: for all that is planned, and for ending well before it is full."""

from __future__ import annotations

import math
import shutil
import time
from typing import TYPE_CHECKING, Final

from capture.recorder.outcome import BROKEN_OFF
from capture.status import HappeningKind
from taver.core.clock import NS_PER_S
from taver.core.errors import StorageError
from taver.core.frames import Modality
from taver.core.session.manifest import Marker
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from capture.recorder.course import Course
    from capture.recorder.stream import Stream
    from taver.core.frames import StreamInfo

# What a stored pixel takes at most; measured on noisy pictures of the real sensors' sizes.
_BYTES_A_PIXEL: Final = {
    Modality.COLOR: 0.30,
    Modality.DEPTH: 1.15,
    Modality.IR: 1.40,
    Modality.THERMAL: 0.80,
}
_BYTES_A_SAMPLE: Final = 1.5  # of sound, as FLAC
_BYTES_AROUND_A_FRAME: Final = 400  # its record, its stamp, and its line in the index at the end
_BYTES_IN_THE_INDEX: Final = 120  # of one frame
# Documents, the ends of the files, and whatever else a session keeps beside its frames.
RESERVE_BYTES: Final = 4 * 2**20
_REACTION_S: Final = 2.0  # from a look at the disk until the last frame is written
_WARN_S: Final = 120.0


def bytes_a_second(stream: StreamInfo, grid_hz: int) -> float:
    """Return what a stream takes on the disk, at most, as a rule."""
    if stream.modality is Modality.SOUND:
        samples = stream.samples_hz * max(1, stream.channels)
        return _BYTES_A_SAMPLE * samples + _BYTES_AROUND_A_FRAME * stream.rate_hz
    rate_hz = min(stream.rate_hz, grid_hz) if grid_hz else stream.rate_hz
    pixels = stream.width_px * stream.height_px
    return (_BYTES_A_PIXEL[stream.modality] * pixels + _BYTES_AROUND_A_FRAME) * rate_hz


def free_bytes(folder: Path) -> int:
    """Return how much room there is where `folder` is, or is to be."""
    with explained(folder):
        while not folder.exists() and folder.parent != folder:
            folder = folder.parent
        return shutil.disk_usage(folder).free


def require(folder: Path, streams: Sequence[StreamInfo], seconds: float, grid_hz: int) -> None:
    """Raise StorageError unless there is room for so many seconds of these streams."""
    rates = {s.modality: bytes_a_second(s, grid_hz) for s in streams}
    total = sum(rates.values())
    needed = total * seconds + RESERVE_BYTES
    free = free_bytes(folder)
    if free >= needed:
        return
    fitting_s = math.floor(max(0.0, free - RESERVE_BYTES) / total)
    parts = ", ".join(f"{m} {size(rate * seconds)}" for m, rate in rates.items())
    shorter = f"record at most {fitting_s} seconds, " if fitting_s >= 1 else ""
    raise StorageError(
        f"{seconds:g} seconds take up to {size(needed)} ({parts}), and {size(free)} are free "
        f"in {folder}",
        fix=f"free {size(needed - free)} on that disk, {shorter}"
        "or point study.toml at a larger one",
    )


class Guard:
    """Ends a recording while its files can still be finished, and warns before it must."""

    def __init__(
        self, folder: Path, streams: Sequence[Stream], course: Course, seconds: float
    ) -> None:
        self._folder = folder
        self._streams = streams
        self._course = course
        self._planned_s = seconds
        self._warned_s = math.inf
        self._began_s = time.monotonic()

    def must_end(self, now_ns: int) -> bool:
        """Tell whether the recording has to end now; says so, and warns beforehand."""
        elapsed_s = time.monotonic() - self._began_s
        if elapsed_s < 1:
            return False
        try:
            free = free_bytes(self._folder)
        except StorageError:
            return False  # the disk is gone: the next frame's writing tells
        statuses = [stream.status() for stream in self._streams]
        rate = sum(s.size_bytes for s in statuses) / elapsed_s
        each = [s.size_bytes / s.stored if s.stored else 0.0 for s in statuses]
        queued = sum(s.queued * size for s, size in zip(statuses, each, strict=True))
        index = _BYTES_IN_THE_INDEX * sum(s.stored for s in statuses)
        spare = free - (RESERVE_BYTES + index + queued + _REACTION_S * rate)
        if spare <= 0:
            self._end(now_ns, elapsed_s, free)
            return True
        left_s = spare / rate if rate else math.inf
        end_ns = self._course.end_ns
        remaining_s = self._planned_s - elapsed_s
        if end_ns is not None:
            remaining_s = (end_ns - now_ns) / NS_PER_S
        if left_s < min(remaining_s, _WARN_S, self._warned_s / 2):
            self._warned_s = left_s
            self._course.tell(
                HappeningKind.DISK,
                now_ns,
                f"The disk is full in about {left_s:.0f} seconds ({size(free)} are free)",
                fix="free space on it now; otherwise the recording ends before that",
            )
        return False

    def _end(self, now_ns: int, elapsed_s: float, free: float) -> None:
        error = StorageError(
            f"The recording was ended after {elapsed_s:.0f} seconds, before its disk is full "
            f"({size(free)} are free in {self._folder})",
            fix="free space on that disk, then go on; all that was recorded is there",
        )
        self._course.trouble(error)
        at_ns = self._course.unix_ns(now_ns)
        self._course.mark(Marker(name=BROKEN_OFF, unix_ns=at_ns, note=error.what, source="machine"))
        self._course.tell(HappeningKind.DISK, now_ns, error.what, fix=error.fix)


def size(count: float) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
