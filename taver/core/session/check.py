"""Is everything in a session as it was written: every record read, every contradiction named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.errors import DataError, NotFoundError
from taver.core.private import others_can_open
from taver.core.recording.scan import Scan, scan
from taver.core.recording.source import Source
from taver.core.recording.tail import fingerprint
from taver.core.recording.writer import PARTIAL, partial_of
from taver.core.session.manifest import State
from taver.core.session.streams import contradictions
from taver.core.shell import quoted
from taver.core.storage import explained

if TYPE_CHECKING:
    from taver.core.frames import Modality
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.session.manifest import Piece


def problems(session: Session, progress: Progress | None = None) -> list[str]:
    """Return everything that is wrong with `session`, in words; nothing is changed."""
    found = []
    if session.interrupted:
        found.append("its recording was interrupted and never finished")
    elif session.manifest.state is State.RECORDING:
        found.append("it is being recorded at this moment")
    if others_can_open(session.folder):
        found.append(f"others may open the folder: chmod 700 {quoted(session.folder)}")
    if session.folder.name != session.name:
        found.append(
            f"its folder is called {session.folder.name}, session.json says {session.name}"
        )
    found += [f"{name} is there, but session.json does not name it" for name in _strays(session)]
    for modality, stream in session.manifest.streams.items():
        for piece in stream.pieces:
            problems_here = _piece_problems(session, modality, piece, progress)
            found += [f"{modality}: {what}" for what in problems_here]
    return found


def _strays(session: Session) -> list[str]:
    """Return the recordings in the folder that the document does not tell of."""
    told = {piece.file for s in session.manifest.streams.values() for piece in s.pieces}
    with explained(session.folder):
        names = {path.name.removesuffix(PARTIAL) for path in session.folder.iterdir()}
    return sorted(name for name in names - told if name.endswith(".mcap"))


def _piece_problems(
    session: Session, modality: Modality, piece: Piece, progress: Progress | None
) -> list[str]:
    path = session.piece_file(piece)
    if not path.exists() and partial_of(path).exists():
        return [f"{partial_of(path).name} was never finished"]
    try:
        with Source(path) as source:
            result = scan(source, progress)
            mark = fingerprint(source) if result.finished and not result.damage else None
    except NotFoundError:
        return [f"{path.name} is gone"]
    except DataError as error:
        return [error.what]
    found = [
        f"{path.name}, "
        + (f"frame {damage.frame}, " if damage.frame is not None else "")
        + f"byte {damage.at}: {damage.what}"
        for damage in result.damage
    ]
    if not result.finished and not found:
        found.append(f"{path.name} has no end ({result.torn_bytes} torn bytes)")
    found += _contradictions(session, modality, piece, result)
    if not found and piece.fingerprint is not None and mark != piece.fingerprint:
        found.append(f"{path.name} is whole, but it is not the file that was recorded")
    return found


def _contradictions(session: Session, modality: Modality, piece: Piece, result: Scan) -> list[str]:
    """Hold what the file says and holds against the session's document."""
    found = []
    if session.manifest.state is not State.RECORDING and piece.frames != len(result.entries):
        found.append(f"session.json counts {piece.frames} frames, {len(result.entries)} are whole")
    if result.front is not None:
        found += contradictions(session.manifest, modality, piece, result.front.header)
    return found
