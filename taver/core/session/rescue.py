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
    UNTOLD,
    contradictions,
    finished_piece,
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
    done: list[Rescue] = []
    failed: list[str] = []
    with lock.held(session.folder, f"Session {session.name}"):
        session.reload()  # whoever held it until now may have finished it
        # Those whose file is gone come last: by then it is known whether a frame was taken at all.
        for modality, number in sorted(_pieces(session), key=lambda one: _is_gone(session, *one)):
            begun = (
                session.manifest.state is not State.RECORDING
                or len(failed) > 0
                or any(result.frames for result in done)
            )
            try:
                done.append(_rescue_piece(session, modality, number, progress, begun=begun))
            except (DataError, NotFoundError) as error:
                failed.append(error.what)
            else:
                rescued[modality] = _both(rescued.get(modality), done[-1])
        if not failed and (
            session.manifest.state is State.RECORDING or any(r.changed for r in done)
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


def _pieces(session: Session) -> list[tuple[Modality, int]]:
    streams = session.manifest.streams
    return [(m, number) for m, stream in streams.items() for number in range(len(stream.pieces))]


def _both(first: Rescue | None, second: Rescue) -> Rescue:
    if first is None:
        return second
    return Rescue(
        first.frames + second.frames,
        first.lost + second.lost,
        first.cut_bytes + second.cut_bytes,
        changed=first.changed or second.changed,
    )


def _is_gone(session: Session, modality: Modality, number: int) -> bool:
    path = session.folder / session.manifest.streams[modality].pieces[number].file
    return not path.exists() and not partial_of(path).exists()


def _rescue_piece(
    session: Session, modality: Modality, number: int, progress: Progress | None, *, begun: bool
) -> Rescue:
    """Make one piece of a stream whole, and say so in the session's document at once."""
    manifest = session.manifest
    before = manifest.streams[modality].pieces[number]
    path = session.piece_file(before)
    header = header_for(manifest, modality, before)
    if _is_gone(session, modality, number):
        if begun:
            raise NotFoundError(f"{path.name} is gone", fix="restore it from a backup")
        # All files are opened before the first frame is taken: the program died before that.
        with StreamWriter(path, header) as writer:
            writer.finish()
        result = Rescue(0, 0, 0, changed=True)
    else:
        result = recover(path, header, progress)
    with StreamReader(path) as reader:
        wrong = contradictions(manifest, modality, before, reader.header)
    if wrong:
        raise DataError("; ".join(wrong), fix="restore the right one from a backup")
    dropped = dict(before.dropped)
    if before.fingerprint is None:  # the program died before it could tell
        why = LOST_BY_DEVICE if manifest.grid is None else UNTOLD
        dropped[why] = max(0, lost_by_device(path) - result.lost)
    dropped[DAMAGED] = before.dropped.get(DAMAGED, 0) + result.lost
    after = msgspec.structs.replace(
        finished_piece(path, before), dropped={why: n for why, n in dropped.items() if n}
    )
    if after != before:
        stream = manifest.streams[modality].with_piece(number, after)
        session.save(manifest.with_stream(modality, stream))
    return result
