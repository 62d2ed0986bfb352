"""One stream's file, and the frames that are queued, encoded and written on their way to it."""

from __future__ import annotations

import errno
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from capture import encode
from capture.recorder.belt import Belt
from capture.recorder.outcome import DISK_FULL, NOT_ENCODABLE, NOT_WRITABLE, QUEUE_FULL
from capture.recorder.shape import raw_bytes
from capture.recorder.tally import Tally
from capture.status import HappeningKind, StreamStatus
from taver.core.errors import DeviceError, StorageError, TaverError
from taver.core.recording.writer import StreamWriter, partial_of
from taver.core.session.streams import finished_piece

if TYPE_CHECKING:
    from pathlib import Path

    from capture.recorder.course import Course
    from capture.recorder.workers import Workers
    from taver.core.clock import Clock
    from taver.core.frames import Pixels, Stamp, StreamInfo
    from taver.core.recording.header import StreamHeader
    from taver.core.session.manifest import Piece

# A queue rides out a disk that stands still for so long, within so much memory.
_QUEUE_S: Final = 2.0
_QUEUE_BYTES: Final = 256 * 2**20
_SHORTEST_QUEUE: Final = 8
_RECENT: Final = 64  # frames whose times are told: more than come between two tellings
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Held(NamedTuple):
    """A frame that is to be stored."""

    unix_ns: int
    stamp: Stamp
    pixels: Pixels


class Store:
    """Takes frames in order from one thread, and lets workers write them in that order."""

    def __init__(
        self, info: StreamInfo, clock: Clock, course: Course, workers: Workers, *, paced: bool
    ) -> None:
        self.done = threading.Event()  # nothing is written any more
        self._info = info
        self._clock = clock
        self._course = course
        self._workers = workers
        self._paced = paced
        self._turn = threading.Condition()  # over the tally, and whose turn it is to write
        self._tally = Tally()
        self._belt: Belt[Held] = Belt(queue_size(info))
        self._recent_unix_ns: deque[int] = deque(maxlen=_RECENT)
        self._writer: StreamWriter | None = None
        self._piece: Piece | None = None
        self._turn_of = 0  # the number of the frame that is written next
        self._broken = ""  # why nothing can be written any more

    def arm(self, path: Path, header: StreamHeader, piece: Piece) -> None:
        """Make the file; never over one that is there."""
        self._writer = StreamWriter(path, header)
        self._piece = piece

    def take_back(self) -> None:
        """Take the file away again, in which nothing was recorded yet."""
        if self._writer is not None:
            self._writer.close()
            partial_of(self._writer.path).unlink(missing_ok=True)
            self._writer = None

    # In the device's thread

    @property
    def closed(self) -> bool:
        """Whether no more frames are taken."""
        return self._belt.closed

    def take(self, stamp: Stamp, lost: int) -> None:
        """Count a frame that came, and those the device lost before it."""
        with self._turn:
            self._tally.take(stamp.host_ns, lost, stamp.status)

    def lose(self, count: int) -> None:
        """Count frames that the device lost before the end, and that no frame follows."""
        with self._turn:
            self._tally.lose(count)

    def drop(self, why: str) -> None:
        """Count a frame that was taken and will not be stored."""
        with self._turn:
            self._tally.drop(why)

    def put(self, held: Held) -> None:
        """Queue a frame that was taken; drop it where there is no room."""
        if self._broken:
            self.drop(self._broken)
        elif self._belt.put(held, wait=not self._paced):
            self._workers.submit(self._store_next)
        else:
            self.drop(QUEUE_FULL)
            self._course.tell_of_drops(
                QUEUE_FULL,
                self._info.modality,
                self._clock.now_ns(),
                f"{self._info.modality} frames are dropped: they come faster than they are written",
                fix="record to a faster disk, close other programs, or record fewer streams",
            )

    def end(self) -> None:
        """Take no more; what is queued is still stored."""
        self._belt.close()
        self._see_whether_done()

    # In the workers' threads

    def _store_next(self) -> None:
        """Encode a frame, maybe beside others, and write it when it is its turn."""
        number, held = self._belt.take()
        data = self._encoded(held)
        with self._turn:
            self._turn.wait_for(lambda: self._turn_of == number)
        why = NOT_WRITABLE
        try:
            why = self._broken or (NOT_ENCODABLE if data is None else self._written(held, data))
        finally:
            with self._turn:
                if why:
                    self._tally.drop(why)
                else:
                    self._tally.store(self._clock.now_ns(), held.stamp)
                    self._recent_unix_ns.append(held.unix_ns)
                self._turn_of += 1
                self._turn.notify_all()
        if not why:
            self._course.advance()
        self._see_whether_done()

    def _encoded(self, held: Held) -> bytes | None:
        if self._broken:
            return None
        try:
            return encode.of(self._info, held.pixels)
        except Exception as error:  # noqa: BLE001  the libraries' own, of every kind
            modality = self._info.modality
            text = f"A {modality} frame cannot be encoded ({error})"
            fix = "check the camera's picture format, and that there is memory left"
            now_ns = self._clock.now_ns()
            self._course.tell_of_drops(NOT_ENCODABLE, modality, now_ns, text, fix=fix)
            known = error if isinstance(error, TaverError) else DeviceError(text, fix=fix)
            self._course.trouble(known, once=f"{NOT_ENCODABLE} {modality}")
            return None

    def _written(self, held: Held, data: bytes) -> str:
        """Write a frame; return why it could not be written, or nothing."""
        if self._writer is None:
            return NOT_WRITABLE
        try:
            self._writer.write(held.unix_ns, held.stamp, data)
        except StorageError as error:
            self._broken = DISK_FULL if _is_full(error) else NOT_WRITABLE
            self._course.trouble(error)
            self._course.tell(
                HappeningKind.DISK,
                self._clock.now_ns(),
                f"Nothing more of {self._info.modality} can be stored: {error.what}",
                fix=error.fix,
                modality=self._info.modality,
            )
            return self._broken
        except Exception as error:  # noqa: BLE001  a stamp that no file can hold, of this frame
            text = f"A {self._info.modality} frame with {held.stamp} cannot be written ({error})"
            fix = "report it to who wrote the device's driver; the other frames are stored"
            now_ns = self._clock.now_ns()
            self._course.tell_of_drops(NOT_WRITABLE, self._info.modality, now_ns, text, fix=fix)
            self._course.trouble(DeviceError(text, fix=fix), once=f"stamp {self._info.modality}")
            return NOT_WRITABLE
        return ""

    def _see_whether_done(self) -> None:
        with self._turn:
            if self._belt.closed and not self._tally.queued:
                self.done.set()

    # From any thread

    @property
    def broken(self) -> bool:
        """Whether nothing can be written any more."""
        return bool(self._broken)

    def sync(self) -> None:
        """Put on the disk what was written so far."""
        if self._writer is not None and not self._broken:
            self._writer.sync()

    def finish(self) -> Piece:
        """Finish the file and return what it holds; only once `done`."""
        if self._writer is None or self._piece is None:
            raise DeviceError(
                f"{self._info.modality} was never armed", fix="call arm() before finish()"
            )
        piece = finished_piece(self._writer.finish(), self._piece)
        with self._turn:
            dropped = {why: count for why, count in self._tally.dropped.items() if count}
        return msgspec.structs.replace(piece, dropped=dropped)

    def close(self) -> None:
        """Let go of the file; one that was not finished stays partial, for `recover`."""
        self._belt.close()
        # Not under a thread that may still write: another file could get its number.
        if self._writer is not None and not self._tally.queued:
            self._writer.close()

    def status(self, last: Held | None) -> StreamStatus:
        """Return how it goes; `last` is the newest frame that came."""
        now_ns = self._clock.now_ns()
        with self._turn:
            tally = self._tally
            return StreamStatus(
                modality=self._info.modality,
                taken=tally.taken,
                stored=tally.stored,
                dropped=dict(tally.dropped),
                queued=tally.queued,
                queue_size=self._belt.size,
                rate_hz=tally.rate_hz(now_ns),
                last_host_ns=None if last is None else last.stamp.host_ns,
                last_unix_ns=None if last is None else last.unix_ns,
                recent_unix_ns=tuple(self._recent_unix_ns),
                size_bytes=0 if self._writer is None else self._writer.size_bytes,
                write_p99_ms=tally.write_p99_ms() if self._paced else 0.0,
                frozen=tally.frozen,
                incomplete=tally.incomplete,
            )


def queue_size(info: StreamInfo) -> int:
    """Return how many frames may wait to be stored."""
    wanted = max(_SHORTEST_QUEUE, round(_QUEUE_S * info.rate_hz))
    return max(_SHORTEST_QUEUE, min(wanted, _QUEUE_BYTES // max(1, raw_bytes(info))))


def _is_full(error: StorageError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _FULL
