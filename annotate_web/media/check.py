"""Whether the films of clips are where they belong, and as they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from annotate_web.db.tables import clips
from taver.core import atomic, names
from taver.core.digest import sha256_of
from taver.core.errors import DataError, NotFoundError
from taver.core.extras import need
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy.engine import Connection


def path_of(media: Path, file: str) -> Path:
    """Return where a film is; raises NotFoundError if it is not there."""
    path = media / file
    if not names.fits(file):
        raise DataError(
            f"A clip's film is said to be {file!r}, outside the media folder",
            fix="restore the database from a backup; it was changed outside taver",
        )
    with explained(path):
        there = path.is_file() and path.stat().st_size > 0
    if not there:
        raise NotFoundError(
            f"The film {file} is not on the server",
            fix="tell whoever leads the annotation: it has to be put back from a backup",
        )
    return path


def wrong_with(media: Path, clip: Any) -> str:
    """Tell what is wrong with a clip's film, every byte looked at; nothing if it is well."""
    try:
        path = path_of(media, clip.media)
    except (NotFoundError, DataError) as error:
        return error.what
    if sha256_of(path) == clip.media_sha256:
        return ""
    frames = _frames(path)
    if frames is None:
        return f"the film {clip.media} cannot be played: it is damaged"
    if frames != clip.frames:
        return f"the film {clip.media} has {frames} pictures instead of {clip.frames}"
    return f"the film {clip.media} is not the one that was made for this clip"


def missing(media: Path, clips: Iterable[Any]) -> list[str]:
    """Return the names of clips whose films are not there at all."""
    found = []
    for clip in clips:
        try:
            path_of(media, clip.media)
        except (NotFoundError, DataError):
            found.append(clip.name)
    return found


def strangers(connection: Connection, media: Path) -> list[str]:
    """Return the files beside the films that are of no clip, as a killed `add` leaves them."""
    known = set(connection.execute(sa.select(clips.c.media)).scalars())
    with explained(media):
        films = [path for path in media.glob("*.webm") if path.name not in known]
        return sorted(path.name for path in (*films, *atomic.leftovers(media)))


def _frames(path: Path) -> int | None:
    av = need("av", extra="web", to="look at videos")
    try:
        with av.open(str(path)) as film:
            return sum(1 for _ in film.decode(video=0))
    except (av.error.FFmpegError, IndexError):
        return None
