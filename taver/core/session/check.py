"""Is everything in a session as it was written: every record read, every contradiction named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.errors import DataError, NotFoundError
from taver.core.private import others_can_open
from taver.core.recording.scan import Scan, scan
from taver.core.recording.source import Source
from taver.core.recording.writer import partial_of
from taver.core.session.manifest import State

if TYPE_CHECKING:
    from taver.core.frames import Modality
    from taver.core.progress import Progress
    from taver.core.session.folder import Session


def problems(session: Session, progress: Progress | None = None) -> list[str]:
    """Return everything that is wrong with `session`, in words; nothing is changed."""
    found = []
    if session.interrupted:
        found.append("its recording was interrupted and never finished")
    elif session.manifest.state is State.RECORDING:
        found.append("it is being recorded at this moment")
    if others_can_open(session.folder):
        found.append(f"others may open the folder: chmod 700 {session.folder}")
    for modality in session.manifest.streams:
        found += [f"{modality}: {what}" for what in _stream_problems(session, modality, progress)]
    return found


def _stream_problems(session: Session, modality: Modality, progress: Progress | None) -> list[str]:
    path = session.stream_file(modality)
    if not path.exists() and partial_of(path).exists():
        return [f"{partial_of(path).name} was never finished"]
    try:
        with Source(path) as source:
            result = scan(source, progress)
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
    return found + _contradictions(session, modality, result)


def _contradictions(session: Session, modality: Modality, result: Scan) -> list[str]:
    """Hold what the file says and holds against the session's document."""
    found = []
    record = session.manifest.streams[modality]
    if session.manifest.state is not State.RECORDING and record.frames != len(result.entries):
        found.append(f"session.json counts {record.frames} frames, {len(result.entries)} are whole")
    if result.front is None:
        return found
    header = result.front.header
    for what, said, is_so in (
        ("session", session.manifest.name, header.session),
        ("participant", session.manifest.participant, header.participant),
        ("modality", modality, header.modality),
        ("simulated", session.manifest.simulated, header.simulated),
    ):
        if said != is_so:
            found.append(f"session.json says {what} {said}, {record.file} says {is_so}")
    return found
