"""Makes a session whole again after its program was killed or its files were damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from taver.core import atomic, lock
from taver.core.errors import DataError, NotFoundError
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import Rescue, recover
from taver.core.recording.writer import StreamWriter, partial_of
from taver.core.session.manifest import State
from taver.core.session.streams import (
    LOST_BY_DEVICE,
    contradictions,
    finished_record,
    header_for,
    lost_by_device,
)

if TYPE_CHECKING:
    from taver.core.frames import Modality
    from taver.core.progress import Progress
    from taver.core.session.folder import Session

DAMAGED = "damaged"


def rescue(session: Session, progress: Progress | None = None) -> dict[Modality, Rescue]:
    """Recover every stream of `session`; all are tried before any failure is told."""
    rescued: dict[Modality, Rescue] = {}
    failed: list[str] = []
    with lock.held(session.folder, f"Session {session.name}"):
        session.reload()  # whoever held it until now may have finished it
        # Those whose file is gone come last: by then it is known whether a frame was taken at all.
        for modality in sorted(session.manifest.streams, key=lambda m: _is_gone(session, m)):
            begun = (
                session.manifest.state is not State.RECORDING
                or len(failed) > 0
                or any(result.frames for result in rescued.values())
            )
            try:
                rescued[modality] = _rescue_stream(session, modality, progress, begun=begun)
            except (DataError, NotFoundError) as error:
                failed.append(error.what)
        if not failed and (
            session.manifest.state is State.RECORDING or any(r.changed for r in rescued.values())
        ):
            session.save(msgspec.structs.replace(session.manifest, state=State.RECOVERED))
        for leftover in atomic.leftovers(session.folder):
            leftover.unlink()
    if failed:
        raise DataError(
            f"Not every stream of session {session.name} could be recovered",
            fix="restore the files named here from a backup, then run it again; "
            "what could be saved was saved",
            problems=failed,
        )
    return rescued


def _is_gone(session: Session, modality: Modality) -> bool:
    path = session.folder / session.manifest.streams[modality].file
    return not path.exists() and not partial_of(path).exists()


def _rescue_stream(
    session: Session, modality: Modality, progress: Progress | None, *, begun: bool
) -> Rescue:
    """Make one stream whole, and say so in the session's document at once."""
    manifest = session.manifest
    path = session.stream_file(modality)
    header = header_for(manifest, modality)
    if _is_gone(session, modality):
        if begun:
            raise NotFoundError(f"{path.name} is gone", fix="restore it from a backup")
        # All files are opened before the first frame is taken: the program died before that.
        with StreamWriter(path, header) as writer:
            writer.finish()
        result = Rescue(0, 0, 0, changed=True)
    else:
        result = recover(path, header, progress)
    with StreamReader(path) as reader:
        wrong = contradictions(manifest, modality, reader.header)
    if wrong:
        raise DataError("; ".join(wrong), fix="restore the right one from a backup")
    before = manifest.streams[modality]
    dropped = dict(before.dropped)
    if before.fingerprint is None:  # the program died before it could tell
        dropped[LOST_BY_DEVICE] = max(0, lost_by_device(path) - result.lost)
    dropped[DAMAGED] = before.dropped.get(DAMAGED, 0) + result.lost
    after = msgspec.structs.replace(
        finished_record(path, before), dropped={why: n for why, n in dropped.items() if n}
    )
    if after != before:
        session.save(manifest.with_stream(modality, after))
    return result
