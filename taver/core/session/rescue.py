"""Makes a session whole again after its program was killed or its files were damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from taver.core import atomic, lock
from taver.core.errors import DataError, NotFoundError
from taver.core.recording.recover import Rescue, recover
from taver.core.recording.writer import partial_of
from taver.core.session.manifest import State
from taver.core.session.streams import finished_record, header_for

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
        manifest = session.manifest
        for modality in manifest.streams:
            path = session.stream_file(modality)
            if not path.exists() and not partial_of(path).exists():
                failed.append(f"{path.name} is gone")
                continue
            try:
                result = recover(path, header_for(manifest, modality), progress)
                record = finished_record(path, manifest.streams[modality])
            except (DataError, NotFoundError) as error:
                failed.append(error.what)
                continue
            if result.lost:
                lost = record.dropped.get(DAMAGED, 0) + result.lost
                record = msgspec.structs.replace(record, dropped={**record.dropped, DAMAGED: lost})
            manifest = manifest.with_stream(modality, record)
            rescued[modality] = result
        if not failed and (
            manifest.state is State.RECORDING or any(r.changed for r in rescued.values())
        ):
            manifest = msgspec.structs.replace(manifest, state=State.RECOVERED)
        if manifest != session.manifest:
            session.save(manifest)
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
