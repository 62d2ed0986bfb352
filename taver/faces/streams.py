"""The recordings of a session that faces are looked for in, open for reading."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.codec import decode
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DataError, NotFoundError
from taver.core.frames import FrameStatus, Modality
from taver.core.nearest import nearest
from taver.core.session import agreed, clocks
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.recording.header import StreamHeader
    from taver.core.recording.message import Stored
    from taver.core.session.folder import Session
    from taver.core.study import Study

# Frames of two streams belong together that are no farther apart than this share of a period.
_TOGETHER: Final = 0.75


class Taken(NamedTuple):
    """The frame of another stream that was taken with a colour frame."""

    frame: int  # -1: there is none
    pixels: npt.NDArray[np.uint16] | None  # None: there is none, or it is damaged
    frozen: bool = False


class Packed:
    """Such a frame before its pixels are unpacked."""

    def __init__(self, frame: int, header: StreamHeader | None, stored: Stored | None) -> None:
        self.frame = frame
        self.frozen = stored is not None and bool(stored.stamp.status & FrameStatus.FROZEN)
        self._header, self._stored = header, stored

    def pixels(self, rows: slice | None = None) -> npt.NDArray[np.uint16] | None:
        """Return the picture, of which no more than some rows may count; None if it is damaged."""
        if self._header is None or self._stored is None:
            return None
        high, wide = self._header.height_px, self._header.width_px
        try:
            pixels: Any = decode(self._header.modality, self._stored.data, high, wide, rows=rows)
        except DataError:
            self._stored = None
            return None
        return np.asarray(pixels)

    @property
    def there(self) -> bool:
        """Whether there is one, as far as it was unpacked."""
        return self._stored is not None

    def rows(self, rows: slice) -> npt.NDArray[np.uint16]:
        """Return the picture, of which these rows count; raises DataError if it is damaged."""
        pixels = self.pixels(rows)
        if pixels is None:
            raise DataError(
                f"Frame {self.frame} cannot be unpacked",
                fix="run: taver session verify on this session",
            )
        return pixels

    def whole(self) -> Taken:
        """Return it with all of its pixels."""
        pixels = self.pixels()
        return Taken(self.frame, pixels, self.frozen and pixels is not None)


class Streams:
    """Colour, and what else there is and may be used."""

    def __init__(self, study: Study, session: Session) -> None:
        manifest = session.manifest
        if Modality.COLOR not in manifest.streams:
            recorded = ", ".join(manifest.streams) or "nothing"
            raise NotFoundError(
                f"Session {session.name} has no color stream (it has: {recorded}), "
                "and faces are found in colour",
                fix="choose another session",
            )
        agreed.require(study, manifest, (Modality.COLOR,), scopes=(Scope.LANDMARKS,))
        self.notes: list[str] = []
        self.session = session
        self._open = contextlib.ExitStack()
        try:
            self.color = self._open.enter_context(Footage(session, Modality.COLOR))
            self.depth = self._other(study, Modality.DEPTH)
            self.thermal = self._other(study, Modality.THERMAL)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._open.close()

    def files(self) -> Iterator[Path]:
        """Yield every file that is read."""
        for modality, footage in (
            (Modality.COLOR, self.color),
            (Modality.DEPTH, self.depth),
            (Modality.THERMAL, self.thermal),
        ):
            if footage is not None:
                yield from self.session.stream_files(modality)
        told = self.session.folder / clocks.FILE
        if told.is_file():
            yield told

    def with_color(self, footage: Footage | None) -> npt.NDArray[np.int64]:
        """Return for each colour frame which frame was taken with it, or -1."""
        wanted = self.color.unix_ns
        if footage is None or not len(footage):
            return np.full(len(wanted), -1, np.int64)
        found = nearest(footage.unix_ns, wanted)
        off = np.abs(footage.unix_ns[found] - wanted)
        return np.where(off <= _TOGETHER * NS_PER_S / footage.header.rate_hz, found, -1)

    def take(self, modality: Modality, frame: int) -> Taken:
        """Return a frame of depth or heat; what is damaged has no pixels."""
        return self.packed(modality, frame).whole()

    def packed(self, modality: Modality, frame: int) -> Packed:
        """Return a frame of depth or heat of which as much can be unpacked as is looked at."""
        footage = self.depth if modality is Modality.DEPTH else self.thermal
        if footage is None or frame < 0:
            return Packed(-1, None, None)
        try:
            return Packed(frame, footage.header, footage.read(frame))
        except DataError:
            return Packed(frame, footage.header, None)

    def _other(self, study: Study, modality: Modality) -> Footage | None:
        manifest = self.session.manifest
        if modality not in manifest.streams:
            self.notes.append(f"{modality}: not recorded")
            return None
        try:
            agreed.require(study, manifest, (modality,))
        except ConsentError as error:
            self.notes.append(f"{modality}: left out, {error.what}")
            return None
        try:
            return self._open.enter_context(Footage(self.session, modality))
        except DataError as error:
            self.notes.append(f"{modality}: left out, {error.what}")
            return None
