"""Pictures of a film, or of a folder of numbered pictures, one after the other with their times."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import DataError
from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

VIDEOS: Final = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg"})
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg"})
_NUMBER: Final = re.compile(r"(\d+)$")


class Frame(NamedTuple):
    """One picture, RGB, and when it is shown, from the film's beginning."""

    number: int
    time_ns: int
    pixels: npt.NDArray[np.uint8]


class Film(Protocol):
    """What pictures come from; it can be gone through again."""

    path: Path

    def frames(self) -> Iterator[Frame]:
        """Yield every picture in order."""
        ...


class Video:
    """A file with a film in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def frames(self) -> Iterator[Frame]:
        """Yield every picture, with the time that the file says it has."""
        av = need("av", extra="web", to="read videos")
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise self._unreadable("there is no picture in it")
                stream = container.streams.video[0]
                first: Fraction | None = None
                for number, frame in enumerate(container.decode(stream)):
                    at = self._time(frame, stream, number)
                    first = at if first is None else first
                    pixels = frame.to_ndarray(format="rgb24")
                    yield Frame(number, round((at - first) * NS_PER_S), pixels)
        except av.error.FFmpegError as error:
            raise self._unreadable(str(error)) from None

    def _time(self, frame: Any, stream: Any, number: int) -> Fraction:
        if frame.pts is not None and frame.time_base:
            return Fraction(frame.pts * frame.time_base)
        if not stream.average_rate:
            raise self._unreadable("neither its pictures' times nor its rate are known")
        return Fraction(number) / Fraction(stream.average_rate)

    def _unreadable(self, why: str) -> DataError:
        return DataError(
            f"{self.path} cannot be read as a video: {why}",
            fix="play it in a player; encode it again, or leave it out",
        )


class Pictures:
    """A folder of pictures whose names end in their number."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self.path = path
        self.rate_hz = rate_hz

    def frames(self) -> Iterator[Frame]:
        """Yield every picture, at the rate that is said."""
        cv2 = need("cv2", extra="faces", to="read pictures")
        files = sorted((n, p) for p in self.path.iterdir() if (n := number_of(p)) is not None)
        for number, path in files:
            data = np.frombuffer(path.read_bytes(), np.uint8)
            pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
            if pixels is None:
                raise DataError(f"{path} is no readable picture", fix="mend it, or leave it out")
            since = round((number - files[0][0]) * NS_PER_S / self.rate_hz)
            yield Frame(number, since, pixels[..., ::-1].copy())


def number_of(path: Path) -> int | None:
    """Return the number at the end of a picture's name; None where it is no numbered picture."""
    found = _NUMBER.search(path.stem)
    if found is None or path.suffix.lower() not in PICTURES or path.name.startswith("."):
        return None
    return int(found[1])
