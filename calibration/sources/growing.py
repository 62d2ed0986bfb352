"""Follows a recording while it is being written: the newest whole frame, at no cost to the writer.

Frames are appended and never changed, so a place up to which everything is whole stays good. What
the file says at its end, once it is finished, is not needed.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from taver.core import codec
from taver.core.errors import DataError, NotFoundError
from taver.core.frames import FrameStatus
from taver.core.recording import chunk, wire
from taver.core.recording.front import DamagedFrontError, read_front
from taver.core.recording.source import Source
from taver.core.recording.writer import partial_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.frames import Modality
    from taver.core.recording.header import StreamHeader

    Picture = npt.NDArray[Any]


class Growing:
    """One stream's file, finished or not, or not even begun."""

    def __init__(self, path: Path, modality: Modality) -> None:
        self._path = path
        self._modality = modality
        self._at = 0
        self._header: StreamHeader | None = None
        self._last: tuple[int, int] | None = None  # where the newest frame is, and its size
        self.frames = 0

    def follow(self) -> bool:
        """Go to the end of what is whole; tell whether there is a new frame."""
        before = self.frames
        with contextlib.suppress(NotFoundError, DamagedFrontError), self._opened() as source:
            if self._header is None:
                front = read_front(source)
                self._header, self._at = front.header, len(front.preamble.data)
            while True:
                head = source.read(self._at, wire.RECORD_HEAD.size)
                if len(head) < wire.RECORD_HEAD.size:
                    break
                opcode, length = wire.RECORD_HEAD.unpack(head)
                size = wire.RECORD_HEAD.size + length
                if opcode not in {wire.CHUNK, wire.MESSAGE_INDEX}:
                    break  # its end
                if self._at + size > source.size:
                    break  # being written
                if opcode == wire.CHUNK:
                    self._last = (self._at, size)
                    self.frames += 1
                self._at += size
        return self.frames > before

    def newest(self) -> tuple[int, Picture] | None:
        """Return when the newest frame was taken, and its pixels; None for one that is no good."""
        if self._last is None or self._header is None:
            return None
        at, size = self._last
        with contextlib.suppress(NotFoundError, DataError, ValueError), self._opened() as source:
            body = memoryview(source.read(at, size))
            if chunk.problem(body) is None:
                frame = chunk.stored(body)
                if frame.stamp.status == FrameStatus.OK:
                    height, width = self._header.height_px, self._header.width_px
                    return frame.unix_ns, codec.decode(self._modality, frame.data, height, width)
        return None

    def _opened(self) -> Source:
        """Open it under the name it has at this moment."""
        if self._path.exists():
            return Source(self._path)
        return Source(partial_of(self._path))
