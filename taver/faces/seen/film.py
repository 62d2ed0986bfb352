"""A film of what was found: colour, depth and heat side by side, in a browser's format."""

from __future__ import annotations

import fractions
from typing import TYPE_CHECKING, Any, Final

from taver.core import atomic
from taver.core.errors import AlreadyThereError, InputError
from taver.core.extras import need
from taver.core.private import FILE_MODE
from taver.core.progress import Silent
from taver.core.session import agreed
from taver.core.storage import explained
from taver.faces.seen.draw import moment, rows_of
from taver.faces.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study

_SUFFIX: Final = ".webm"
_QUALITY: Final = {"deadline": "realtime", "cpu-used": "8", "crf": "32", "b": "0"}


def check(path: Path, sessions: Sequence[str]) -> None:
    """Refuse a film that cannot be written before there is anything to film."""
    if len(sessions) != 1:
        raise InputError(
            f"A film of {len(sessions)} sessions", fix="give one --session with --overlay"
        )
    if path.suffix != _SUFFIX:
        raise InputError(
            f"A film cannot be called {path.name}", fix=f"give a name that ends in {_SUFFIX}"
        )
    with explained(path):
        if path.exists():
            raise AlreadyThereError(f"{path} exists already", fix="choose another name")
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}", fix="make it first")


def write(study: Study, session: Session, path: Path, progress: Progress | None = None) -> Path:
    """Write the film of a session at `path`; only of people who allowed pictures."""
    check(path, [session.name])
    agreed.require_pictures(study, session.manifest)
    av = need("av", extra="web", to="write films")
    told = progress or Silent()
    with Streams(study, session) as streams, atomic.replacing(path) as beside:
        rows = rows_of(streams)
        frames = len(rows.state)
        told.begin(f"{session.name}: the film", frames)
        rate = fractions.Fraction(streams.color.header.rate_hz).limit_denominator(1000)
        beside.touch(mode=FILE_MODE)
        with explained(path), av.open(str(beside), "w", format="webm") as film:
            film.metadata["title"] = session.name + (
                ", SIMULATED" if session.manifest.simulated else ""
            )
            stream: Any = None
            for row in range(frames):
                picture = moment(streams, rows, row)
                picture = picture[: len(picture) // 2 * 2, : picture.shape[1] // 2 * 2]
                if stream is None:
                    stream = film.add_stream("libvpx-vp9", rate=rate, options=_QUALITY)
                    stream.height, stream.width = picture.shape[:2]
                    stream.pix_fmt = "yuv420p"
                for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                    film.mux(packet)
                told.advance()
            for packet in stream.encode():
                film.mux(packet)
    return path
