"""The recordings of a session that faces are looked for in, open for reading."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from taver.core.codec import decode
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DataError, NotFoundError
from taver.core.frames import FrameStatus, Modality
from taver.core.session import agreed, clocks
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.core.study import Study

# Frames of two streams belong together that are no farther apart than this share of a period.
_TOGETHER: Final = 0.75


class Taken(NamedTuple):
    """The frame of another stream that was taken with a colour frame."""

    frame: int  # -1: there is none
    pixels: npt.NDArray[np.uint16] | None  # None: there is none, or it is damaged
    frozen: bool = False


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
        times = footage.unix_ns
        after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
        before = after - 1
        after = np.minimum(after, len(times) - 1)
        nearest = np.where(
            np.abs(times[after] - wanted) < np.abs(times[before] - wanted), after, before
        )
        period = 1e9 / footage.header.rate_hz
        off = np.abs(times[nearest] - wanted)
        return np.where(off <= _TOGETHER * period, nearest, -1).astype(np.int64)

    def take(self, modality: Modality, frame: int) -> Taken:
        """Return a frame of depth or heat; what is damaged has no pixels."""
        footage = self.depth if modality is Modality.DEPTH else self.thermal
        if footage is None or frame < 0:
            return Taken(-1, None)
        header = footage.header
        try:
            stored = footage.read(frame)
            pixels: Any = decode(modality, stored.data, header.height_px, header.width_px)
        except DataError:
            return Taken(frame, None)
        return Taken(frame, pixels, bool(stored.stamp.status & FrameStatus.FROZEN))

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
