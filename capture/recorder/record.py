"""Records a whole session in this program, as a simulation does, from its plan to its document."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import msgspec

from capture import encode
from capture.recorder import agreed
from capture.recorder.machine import MachineRecorder
from taver.core import lock
from taver.core.clock import NS_PER_MS, NS_PER_S, Epoch
from taver.core.errors import DeviceError, StorageError
from taver.core.progress import Silent
from taver.core.session.folder import Session, create
from taver.core.session.manifest import (
    GridPlan,
    Manifest,
    State,
    StreamRecord,
    piece_file,
    software,
)
from taver.core.session.streams import new_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.plan import Plan
    from capture.recorder.outcome import Recorded
    from capture.recorder.source import Source
    from capture.status import Happening
    from taver.core.errors import TaverError
    from taver.core.frames import DeviceInfo
    from taver.core.progress import Progress
    from taver.core.study import Study

_LISTEN_EVERY_S = 0.2
_GETTING_READY_NS = 100 * NS_PER_MS  # files are made in that time


def record(
    study: Study, plan: Plan, sources: Sequence[Source], progress: Progress | None = None
) -> Session:
    """Record a new session; what was written before an error stays, finished and marked."""
    told = progress or Silent()
    epoch = Epoch.now()
    with contextlib.ExitStack() as stack:
        recorder = MachineRecorder(
            study.sessions_folder / plan.session,
            plan,
            sources,
            timeline=epoch,
            listen=_hear_nothing,
            progress=told,
            reconnect=False,
            # A simulation that is not paced is over before a guard can look.
            guarded=any(source.paced for source in sources),
        )
        stack.callback(recorder.close)
        devices = recorder.open()
        # Loading what encodes takes its time, which is not to be missing from the recording.
        encode.rehearse(s.modality for d in devices for s in d.streams if plan.wants(s.modality))
        start_ns = max(source.clock.now_ns() for source in sources)
        if any(source.paced for source in sources):
            start_ns += _GETTING_READY_NS
        manifest = _manifest(study, plan, devices, epoch, start_ns)
        session = create(study, manifest)
        undo = stack.enter_context(contextlib.ExitStack())
        undo.callback(shutil.rmtree, session.folder, ignore_errors=True)
        stack.enter_context(lock.held(session.folder, f"Session {session.name}"))
        stack.callback(recorder.close)  # before the folder is let go, or taken away
        files = {m: stream.pieces[0].file for m, stream in manifest.streams.items()}
        recorder.arm(files, simulated=manifest.simulated, epoch=epoch)
        undo.pop_all()  # all files are open: from here on nothing is taken back
        expected = sum(
            round(plan.seconds * (min(s.rate_hz, plan.grid_hz) if plan.grid_hz else s.rate_hz))
            for d in devices
            for s in d.streams
            if s.modality in files
        )
        told.begin(f"recording {session.name}", expected)
        try:
            _run(recorder, start_ns, plan.seconds)
        finally:
            recorded = recorder.finish()
            _finish(session, recorded)
    _raise_all(recorded.problems, session)
    return session


def _manifest(
    study: Study, plan: Plan, devices: Sequence[DeviceInfo], epoch: Epoch, start_ns: int
) -> Manifest:
    """Return the document to begin with, once everybody agrees to it."""
    modalities = [s.modality for d in devices for s in d.streams if plan.wants(s.modality)]
    missing = [m for m in plan.streams or () if m not in modalities]
    if missing:
        raise DeviceError(
            f"No device delivers {', '.join(missing)}",
            fix="attach one that does, or leave these streams out",
        )
    if not modalities:
        raise DeviceError("The devices deliver nothing", fix="see: taver devices")
    simulated = any(device.simulated for device in devices)
    files = {modality: piece_file(modality, 1) for modality in modalities}
    return Manifest(
        name=plan.session,
        participant=plan.participant,
        consent=agreed.require(study, plan.participant, modalities, simulated=simulated),
        simulated=simulated,
        state=State.RECORDING,
        epoch=epoch,
        devices=tuple(devices),
        streams={
            modality: StreamRecord(pieces=(piece,))
            for modality, piece in new_pieces(devices, files, epoch).items()
        },
        grid=GridPlan(rate_hz=plan.grid_hz, start_unix_ns=epoch.to_unix_ns(start_ns))
        if plan.grid_hz
        else None,
        software=software(),
    )


def _run(recorder: MachineRecorder, start_ns: int, seconds: float) -> None:
    """Let all record until they are done; Ctrl-C ends them cleanly."""
    try:
        recorder.stop_at(start_ns + round(seconds * NS_PER_S))
        recorder.start(start_ns)
        _wait_for(recorder)
    except BaseException:
        recorder.stop()
        _wait_for(recorder)
        raise


def _wait_for(recorder: MachineRecorder) -> None:
    while not recorder.wait(_LISTEN_EVERY_S):
        pass  # Windows hears no Ctrl-C inside one long wait


def _finish(session: Session, recorded: Recorded) -> None:
    """Write down what every finished file holds; only if all are is the session complete."""
    manifest = session.manifest
    for modality, piece in recorded.pieces.items():
        manifest = manifest.with_stream(modality, StreamRecord(pieces=(piece,)))
    manifest = msgspec.structs.replace(manifest, markers=(*manifest.markers, *recorded.markers))
    unfinished = list(recorded.unfinished)
    if not unfinished:
        try:
            session.save(msgspec.structs.replace(manifest, state=State.COMPLETE))
        except StorageError as error:
            unfinished.append(error)
        else:
            return
    first = unfinished[0]
    fix = f"taver session recover {session.name}; every frame until then is there"
    if isinstance(first, StorageError):
        fix = f"free space on that disk (or get it back), then: {fix}"
    raise type(first)(
        f"Session {session.name} was cut off: {first.what}",
        fix=fix,
        problems=[error.what for error in unfinished[1:]],
    ) from first


def _raise_all(errors: Sequence[TaverError], session: Session) -> None:
    if not errors:
        return
    raise type(errors[0])(
        f"Session {session.name} is not what was planned",
        fix="see what there is with: taver session show "
        f"{session.name}; then mend the cause and record again under another name",
        problems=[str(error) for error in errors],
    ) from errors[0]


def _hear_nothing(happening: Happening) -> None:
    """Leave it at that: what matters stands in the document, or is raised."""
