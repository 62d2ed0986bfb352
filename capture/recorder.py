"""The recording loop: every device in its own thread, every frame stored or counted as lost."""

from __future__ import annotations

import contextlib
import math
import shutil
from typing import TYPE_CHECKING

import msgspec

from capture import encode
from capture.device_thread import DeviceThread, Source
from taver.core import consent, lock
from taver.core.clock import Epoch
from taver.core.errors import DeviceError, InputError, StorageError, TaverError
from taver.core.progress import Silent
from taver.core.session.folder import Session, create
from taver.core.session.manifest import Manifest, Piece, State, StreamRecord, piece_file, software

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.frames import DeviceInfo, Modality
    from taver.core.progress import Progress
    from taver.core.study import Study

_LISTEN_EVERY_S = 0.2


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded."""

    session: str
    participant: str | None
    seconds: float

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise InputError(
                f"Nothing can be recorded in {self.seconds} seconds",
                fix="give a length above 0, in seconds",
            )


def record(
    study: Study, plan: Plan, sources: Sequence[Source], progress: Progress | None = None
) -> Session:
    """Record a new session; what was written before an error stays, finished and marked."""
    with contextlib.ExitStack() as stack:
        devices = _open_all(sources, stack)
        modalities = [s.modality for device in devices for s in device.streams]
        agreed = None
        if plan.participant is not None:
            agreed = study.participants.get(plan.participant).consent
            consent.require(agreed, plan.participant, modalities)
        encode.rehearse(modalities)
        epoch = Epoch.now()
        manifest = Manifest(
            name=plan.session,
            participant=plan.participant,
            consent=agreed,
            simulated=any(device.simulated for device in devices),
            state=State.RECORDING,
            epoch=epoch,
            devices=tuple(devices),
            streams={
                s.modality: StreamRecord(
                    pieces=(
                        Piece(
                            file=piece_file(s.modality, 1),
                            driver=device.driver,
                            serial=device.serial,
                            epoch=epoch,
                        ),
                    )
                )
                for device in devices
                for s in device.streams
            },
            software=software(),
        )
        session = create(study, manifest)
        undo = stack.enter_context(contextlib.ExitStack())
        undo.callback(shutil.rmtree, session.folder, ignore_errors=True)
        stack.enter_context(lock.held(session.folder, f"Session {session.name}"))
        threads = [
            DeviceThread(session, source, device, plan.seconds, progress or Silent())
            for source, device in zip(sources, devices, strict=True)
        ]
        for thread in threads:
            stack.callback(thread.close)
            thread.open()
        undo.pop_all()  # all files are open: from here on nothing is taken back
        expected = sum(round(plan.seconds * s.rate_hz) for d in devices for s in d.streams)
        (progress or Silent()).begin(f"recording {session.name}", expected)
        try:
            _run(threads)
        finally:
            _finish(session, threads)
    _raise_all([thread.error for thread in threads if thread.error is not None], session)
    return session


def _open_all(sources: Sequence[Source], stack: contextlib.ExitStack) -> list[DeviceInfo]:
    """Open every device, or say of each one that cannot be opened why."""
    if not sources:
        raise InputError("No device was named to record from", fix="name one, such as pattern")
    devices = []
    errors: list[TaverError] = []
    for source in sources:
        try:
            devices.append(source.driver.open())
            stack.callback(source.driver.close)
        except TaverError as error:
            errors.append(error)
    seen: set[Modality] = set()
    for stream in (s for device in devices for s in device.streams):
        if stream.modality in seen:
            errors.append(
                DeviceError(f"Two devices deliver {stream.modality}", fix="leave one of them out")
            )
        seen.add(stream.modality)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DeviceError(
            f"{len(errors)} devices cannot be used",
            fix="; ".join(dict.fromkeys(error.fix for error in errors)),
            problems=[error.what for error in errors],
        )
    return devices


def _run(threads: Sequence[DeviceThread]) -> None:
    """Let all record until they are done; Ctrl-C ends them cleanly."""
    try:
        for thread in threads:
            thread.start()
        _wait_for(threads)
    except BaseException:
        for thread in threads:
            thread.stop()
        _wait_for(threads)
        raise


def _wait_for(threads: Sequence[DeviceThread]) -> None:
    for thread in threads:
        while not thread.wait(_LISTEN_EVERY_S):
            pass  # Windows hears no Ctrl-C inside one long wait


def _finish(session: Session, threads: Sequence[DeviceThread]) -> None:
    """Finish every file that can be finished; only then is the session complete."""
    manifest = session.manifest
    unfinished: list[TaverError] = []
    for thread in threads:
        records, errors = thread.finish()
        unfinished += errors
        for modality, record in records.items():
            manifest = manifest.with_stream(modality, record)
    ends = tuple(thread.end for thread in threads if thread.end is not None)
    manifest = msgspec.structs.replace(manifest, markers=(*manifest.markers, *ends))
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


def _raise_all(errors: Sequence[Exception], session: Session) -> None:
    if not errors:
        return
    kind = type(errors[0]) if isinstance(errors[0], TaverError) else DeviceError
    raise kind(
        f"Session {session.name} is not what was planned",
        fix="see what there is with: taver session show "
        f"{session.name}; then mend the cause and record again under another name",
        problems=[str(error) for error in errors],
    ) from errors[0]
