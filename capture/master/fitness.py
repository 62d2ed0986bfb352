"""Is everything in order before the first frame: one look at it all, every problem told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.master import awaited
from capture.plan import GRID_HZ
from capture.recorder import agreed, room
from taver.core import consent
from taver.core.errors import (
    BusyError,
    DeviceError,
    InputError,
    StorageError,
    TaverError,
    together,
)
from taver.core.frames import PICTURES, Modality
from taver.core.session.folder import find, refuse_taken
from taver.core.session.manifest import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capture.master.member import Member
    from capture.plan import Plan
    from taver.core.frames import DeviceInfo, StreamInfo
    from taver.core.study import Study


def raise_all(errors: Sequence[TaverError]) -> None:
    """Raise nothing, the error, or one that tells of all."""
    if errors:
        raise together(errors, "things are not in order")


def gathered(errors: list[TaverError], look: Callable[[], None]) -> None:
    """Run one look, and put what it raises with the others."""
    try:
        look()
    except TaverError as error:
        errors.append(error)


def require_name(study: Study, plan: Plan) -> None:
    """Refuse a session that is there already; for a further part, one that cannot go on."""
    if plan.part > 1:
        session = find(study, plan.session)
        if awaited.read(session.folder).runs:
            raise BusyError(
                f"Recordings of session {plan.session} are still with its agents",
                fix=f"taver agent collect {plan.session}; then go on with --resume",
            )
        if session.interrupted:
            raise BusyError(
                f"Session {plan.session} was cut off and has not been made whole",
                fix=f"taver session recover {plan.session}; then go on with --resume",
            )
        if session.manifest.state is State.RECORDING:
            raise BusyError(
                f"Session {plan.session} is being recorded at this moment",
                fix="stop that recording first",
            )
        return
    refuse_taken(
        study,
        plan.session,
        fix="choose another name with --session, or add a part to it with --resume; "
        "taver never overwrites one",
    )


def require_person(study: Study, plan: Plan) -> None:
    """Refuse somebody who is not on file, or agreed to nothing."""
    if plan.participant is not None:
        consent.require(study.participants.get(plan.participant).consent, plan.participant, ())


def require_agreed(study: Study, plan: Plan, devices: Sequence[DeviceInfo]) -> None:
    """Refuse what the person did not agree to; sound needs somebody who did."""
    modalities = [stream.modality for stream in wanted(plan, devices)]
    simulated = any(device.simulated for device in devices)
    agreed.require(study, plan.participant, modalities, simulated=simulated)


def wanted(plan: Plan, devices: Sequence[DeviceInfo]) -> list[StreamInfo]:
    """Return the streams that are to be recorded."""
    streams = [stream for device in devices for stream in device.streams]
    return [stream for stream in streams if plan.wants(stream.modality)]


def require_streams(plan: Plan, members: Sequence[Member]) -> None:
    """Refuse two devices for one stream, one serial number twice, and streams nobody delivers."""
    errors: list[TaverError] = []
    by: dict[Modality, list[str]] = {}
    serials: dict[tuple[str, str], list[str]] = {}
    for member in members:
        for device in member.devices:
            serials.setdefault((device.driver, device.serial), []).append(member.name)
            for stream in wanted(plan, (device,)):
                by.setdefault(stream.modality, []).append(f"{member.name} ({device.model})")
    errors += [
        DeviceError(
            f"{modality} is delivered by {' and by '.join(sources)}",
            fix=f"leave one of them out, or choose streams with --streams without {modality} "
            "on one of the machines",
        )
        for modality, sources in by.items()
        if len(sources) > 1
    ]
    errors += [
        DeviceError(
            f"The device {driver} {serial} is there twice: {', '.join(places)}",
            fix="name each device once, by its own serial number",
        )
        for (driver, serial), places in serials.items()
        if len(places) > 1
    ]
    missing = [modality for modality in plan.streams or () if modality not in by]
    if missing:
        errors.append(
            DeviceError(
                f"No device delivers {', '.join(missing)}",
                fix="attach one that does, or leave these streams out with --streams",
            )
        )
    if not by and not missing:
        errors.append(DeviceError("The devices deliver nothing", fix="see: taver devices"))
    raise_all(errors)


def require_room(study: Study, plan: Plan, members: Sequence[Member]) -> None:
    """Refuse a recording that does not fit on the disks it goes to."""
    local = [d for member in members if member.is_local for d in member.devices]
    errors: list[TaverError] = []
    if local:
        streams = wanted(plan, local)
        gathered(
            errors,
            lambda: room.require(study.sessions_folder, streams, plan.seconds, plan.grid_hz),
        )
    # What is recorded elsewhere is collected onto this disk, too; but that can be done later.
    for member in (m for m in members if not m.is_local):
        rate = sum(room.bytes_a_second(s, plan.grid_hz) for s in wanted(plan, member.devices))
        needed = rate * plan.seconds + room.RESERVE_BYTES
        free = member.status().free_bytes
        if free < needed:
            errors.append(
                StorageError(
                    f"The agent {member.name!r} has {free / 1e9:.1f} GB free, and "
                    f"{plan.seconds:g} seconds take up to {needed / 1e9:.1f} GB",
                    fix="collect what it holds (taver agent collect), or give it a spool on a "
                    "larger disk with --spool",
                )
            )
    raise_all(errors)


def require_same(study: Study, plan: Plan, devices: Sequence[DeviceInfo]) -> None:
    """Refuse a further part that would not go on with what the session began with."""
    if plan.part == 1:
        return
    session = find(study, plan.session)
    manifest = session.manifest
    errors: list[TaverError] = []

    def differs(what: str, fix: str) -> None:
        errors.append(InputError(f"Session {session.name} {what}", fix=fix))

    if plan.participant != manifest.participant:
        differs(
            f"is of {manifest.participant or 'nobody'}, not of {plan.participant or 'nobody'}",
            "record another person under another session's name",
        )
    simulated = any(device.simulated for device in devices)
    if simulated != manifest.simulated:
        differs(
            "is simulated" if manifest.simulated else "is not simulated",
            "record the other kind under another session's name",
        )
    before = {s.modality: s for d in manifest.devices for s in d.streams}
    now = {s.modality: s for s in wanted(plan, devices)}
    known = set(manifest.streams)
    if known and set(now) != known:
        differs(
            f"has the streams {', '.join(sorted(known))}; now there would be "
            f"{', '.join(sorted(now)) or 'none'}",
            "attach the same devices, and choose the same streams with --streams",
        )
    for modality, stream in now.items():
        other = before.get(modality)
        if other is not None and (stream.width_px, stream.height_px, stream.unit) != (
            other.width_px,
            other.height_px,
            other.unit,
        ):
            differs(
                f"has {modality} of {other.width_px} x {other.height_px} in {other.unit}, not "
                f"{stream.width_px} x {stream.height_px} in {stream.unit}",
                "attach the same camera, or record under another name",
            )
    grid_hz = 0 if manifest.grid is None else manifest.grid.rate_hz
    if grid_hz != plan.grid_hz:
        differs(
            f"keeps {f'to a grid of {grid_hz} Hz' if grid_hz else 'every frame'}",
            f"go on with {f'that grid ({grid_hz} Hz)' if grid_hz else '--keep-all'}",
        )
    raise_all(errors)


def warnings(plan: Plan, devices: Sequence[DeviceInfo]) -> list[str]:
    """Return what does not forbid a recording, and should be known."""
    found = [
        f"{device.driver} {device.serial}: {warning}"
        for device in devices
        for warning in device.warnings
    ]
    grid_hz = plan.grid_hz or GRID_HZ
    found += [
        f"{s.modality} comes at {s.rate_hz:g} Hz, slower than the grid of {grid_hz} Hz: some slots "
        "will have no frame of it"
        for s in wanted(plan, devices)
        if s.modality in PICTURES and s.rate_hz < grid_hz
    ]
    return found
