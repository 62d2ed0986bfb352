"""Makes the folder of a session that begins, takes up one that goes on, and undoes either."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import msgspec

from capture.master import awaited
from capture.master.member import Member
from taver.core import lock
from taver.core.errors import TaverError
from taver.core.recording.writer import partial_of
from taver.core.session.folder import create, find
from taver.core.session.manifest import Manifest, State, software

if TYPE_CHECKING:
    from capture.master.recording import Recording
    from taver.core.session.folder import Session
    from taver.core.study import Study


def opened(
    study: Study,
    recording: Recording,
    stack: contextlib.ExitStack,
    undo: contextlib.ExitStack,
) -> Session:
    """Make the session's folder, or take up one that is there; `undo` puts it back.

    The folder is held until `stack` is closed.
    """
    plan = recording.plan
    if plan.part > 1:
        session = find(study, plan.session)
    else:
        session = create(study, _manifest(study, recording))
        undo.callback(shutil.rmtree, session.folder, ignore_errors=True)
    undo.callback(stack.close)  # the folder is let go before it is taken away
    stack.enter_context(lock.held(session.folder, f"Session {session.name}"))
    if plan.part > 1:
        session.reload()
        undo.callback(session.save, session.manifest)
        session.save(_resumed(recording, session.manifest))
    return session


def take_back(recording: Recording, session: Session) -> None:
    """Undo a start that failed: nothing was recorded that anybody could want."""
    recording.each(Member.release)
    recording.ledger = recording.clockbook = None
    with contextlib.suppress(TaverError, OSError):
        left = awaited.read(session.folder)
        for member in recording.members:
            left = left.without(member.run)
            for path in (session.folder / file for file in member.files.values()):
                path.unlink(missing_ok=True)
                partial_of(path).unlink(missing_ok=True)
        awaited.save(session.folder, left)
    recording.settle_nothing(recording.plan)


def _manifest(study: Study, recording: Recording) -> Manifest:
    """Return the document that a session begins with; streams come when they are armed."""
    person = recording.plan.participant
    return Manifest(
        name=recording.plan.session,
        participant=person,
        consent=None if person is None else study.participants.get(person).consent,
        simulated=any(device.simulated for device in recording.devices),
        state=State.RECORDING,
        epoch=recording.epoch,
        devices=tuple(recording.devices),
        streams={},
        software=software(),
    )


def _resumed(recording: Recording, manifest: Manifest) -> Manifest:
    """Return the document of a session that goes on."""
    known = {(device.driver, device.serial) for device in manifest.devices}
    new = [d for d in recording.devices if (d.driver, d.serial) not in known]
    return msgspec.structs.replace(
        manifest, state=State.RECORDING, devices=(*manifest.devices, *new)
    )
