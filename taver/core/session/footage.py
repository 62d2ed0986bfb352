"""All of a stream as one sequence: its pieces joined, its times told by the leading clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from taver.core.errors import DataError, InputError
from taver.core.nearest import nearest
from taver.core.recording.reader import StreamReader
from taver.core.session import clocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.core.frames import Modality, Stamp
    from taver.core.recording.header import StreamHeader
    from taver.core.recording.message import Stored
    from taver.core.session.folder import Session


class Footage:
    """An open stream of a session; frames are numbered from 0 in the order they were taken."""

    def __init__(self, session: Session, modality: Modality) -> None:
        self._readers: list[StreamReader] = []
        try:
            for path in session.stream_files(modality):
                self._readers.append(StreamReader(path))
            times = self._times(session, modality)
        except BaseException:
            self.close()
            raise
        order = np.argsort(times, kind="stable")
        self.unix_ns: npt.NDArray[np.int64] = times[order]
        piece = np.repeat(np.arange(len(self._readers)), [len(r) for r in self._readers])
        inside = np.concatenate([np.arange(len(r)) for r in self._readers])
        self._places: list[tuple[StreamReader, int]] = [
            (self._readers[p], n)
            for p, n in zip(piece[order].tolist(), inside[order].tolist(), strict=True)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Stored]:
        return (self.read(number) for number in range(len(self)))

    @property
    def header(self) -> StreamHeader:
        """What the first piece says of the stream."""
        return self._readers[0].header

    def read(self, number: int) -> Stored:
        """Return the frame of that number; its time is the one in `unix_ns`."""
        if not 0 <= number < len(self):
            raise InputError(
                f"There is no frame {number}; the stream has {len(self)}",
                fix=f"ask for 0 to {len(self) - 1}" if len(self) else "it is an empty recording",
            )
        reader, place = self._places[number]
        return reader.read(place)._replace(unix_ns=int(self.unix_ns[number]))

    def stamp(self, number: int) -> Stamp:
        """Return the stamp of the frame of that number, without reading its pixels."""
        reader, place = self._places[number]
        return reader.stamp(place)

    def nearest(self, unix_ns: int) -> int:
        """Return the number of the frame taken nearest to that time; the earlier of two."""
        if not len(self):
            raise InputError("The stream has no frames", fix="choose another recording")
        return int(nearest(self.unix_ns, np.asarray(unix_ns, np.int64)))

    def close(self) -> None:
        """Let go of the files."""
        for reader in self._readers:
            reader.close()

    def _times(self, session: Session, modality: Modality) -> npt.NDArray[np.int64]:
        """Return when each frame was taken by the leading clock, piece by piece."""
        fitted = clocks.read(session.folder).clocks
        times = [np.empty(0, np.int64)]
        for piece, reader in zip(
            session.manifest.streams[modality].pieces, self._readers, strict=True
        ):
            if not piece.clock:
                times.append(reader.unix_ns)
                continue
            clock = fitted.get(piece.clock)
            if clock is None:
                raise DataError(
                    f"{piece.file} was timed by the clock of {piece.clock}, "
                    f"which {clocks.FILE} does not tell of",
                    fix=f"restore {clocks.FILE} of session {session.name} from a backup",
                )
            stamps = [reader.stamp(number).host_ns for number in range(len(reader))]
            times.append(clock.to_unix_ns(np.array(stamps, np.int64)))
        return np.concatenate(times)
