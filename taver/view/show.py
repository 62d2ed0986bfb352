"""Puts a session on one time line, into the viewer or into a file."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from calibration import store as rigs
from taver.core import atomic
from taver.core.errors import (
    AlreadyThereError,
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
    TaverError,
)
from taver.core.extras import need
from taver.core.frames import PICTURES, Modality
from taver.core.progress import Silent
from taver.core.session import agreed
from taver.core.session.footage import Footage
from taver.core.storage import explained
from taver.faces import store as faces_store
from taver.labels import store as labels_store
from taver.view import landmarks, paths, pictures, traces, viewer
from taver.view.layout import layout
from taver.view.span import span_of

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.session.manifest import Manifest
    from taver.core.study import Study
    from taver.view.cloud import Clouds
    from taver.view.span import Span

SUFFIX: Final = ".rrd"


class Shown(NamedTuple):
    """What there is to see, and what is not."""

    frames: int
    clouds: int
    notes: tuple[str, ...]


def show(
    study: Study,
    session: Session,
    *,
    save: Path | None = None,
    from_s: float | None = None,
    until_s: float | None = None,
    progress: Progress | None = None,
) -> Shown:
    """Open the viewer with the session, or write `save` for it to be opened later."""
    if save is None:
        _check_screen(session.name)
    rerun = need("rerun", extra="view", to="open a session in Rerun")
    span = span_of(session.manifest, from_s, until_s)
    told = progress or Silent()
    stream = rerun.RecordingStream(f"taver {session.name}", send_properties=False)
    if save is None:
        _, address = viewer.started(_elsewhere(session.name))
        stream.connect_grpc(address)
        shown = _all(rerun, stream, study, session, span, told)
        stream.flush()  # it stays open when we end
        return shown
    _check(save)
    with atomic.replacing(save) as beside, explained(save):
        stream.save(beside)
        shown = _all(rerun, stream, study, session, span, told)
        stream.flush()
        stream.disconnect()
    return shown


def _check_screen(name: str) -> None:
    """Raise if there is no display: the viewer would end at once, and be waited for in vain."""
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, displays)):
        raise InputError("There is no display here for the viewer", fix=_elsewhere(name))


def _elsewhere(name: str) -> str:
    return f"write a file to open elsewhere: taver view {name} --save {name}{SUFFIX}"


def _check(save: Path) -> None:
    if save.suffix != SUFFIX:
        raise InputError(f"{save.name} is no name for it", fix=f"give one that ends in {SUFFIX}")
    with explained(save):
        if save.exists():
            raise AlreadyThereError(f"{save} exists already", fix="choose another name")
        if not save.parent.is_dir():
            raise NotFoundError(f"There is no folder {save.parent}", fix="make it first")


def _all(
    rerun: Any, stream: Any, study: Study, session: Session, span: Span, progress: Progress
) -> Shown:
    notes: list[str] = []
    with contextlib.ExitStack() as stack:
        opened: dict[Modality, Footage] = {}
        for modality in PICTURES:
            if modality in session.manifest.streams:
                try:
                    agreed.require(study, session.manifest, (modality,))
                    opened[modality] = stack.enter_context(Footage(session, modality))
                except (ConsentError, DataError) as error:
                    notes.append(f"{modality}: left out, {error.what}")
        stream.send_blueprint(layout(tuple(opened), simulated=session.manifest.simulated))
        frames = 0
        for modality, footage in opened.items():
            damaged = pictures.show(rerun, stream, footage, modality, span, progress)
            frames += int(span.holds(footage.unix_ns).sum()) - damaged
            if damaged:
                notes.append(f"{modality}: {damaged} damaged pictures are left out")
        clouds = _face(rerun, stream, study, session, opened, span, progress, notes)
        _labels(rerun, stream, session, span, notes)
        _events(rerun, stream, session.manifest, span)
    stream.log(
        paths.NOTES,
        rerun.TextDocument(_about(session.manifest, notes), media_type="text/markdown"),
        static=True,
    )
    return Shown(frames, clouds, tuple(notes))


def _face(
    rerun: Any,
    stream: Any,
    study: Study,
    session: Session,
    opened: dict[Modality, Footage],
    span: Span,
    progress: Progress,
    notes: list[str],
) -> int:
    try:
        faces = faces_store.open_faces(session)
    except TaverError as error:
        notes.append(f"no landmarks: {error.what}; {error.fix}")
        return 0
    clouds = _clouds(study, session, opened, notes)
    stream.log(paths.WORLD, rerun.ViewCoordinates.RDF, static=True)
    made = landmarks.show(rerun, stream, faces, opened, clouds, span, progress)
    traces.show_signals(rerun, stream, faces, span)
    return made


def _clouds(
    study: Study, session: Session, opened: dict[Modality, Footage], notes: list[str]
) -> Clouds | None:
    from taver.view.cloud import Clouds  # compiles: only where there are faces

    if Modality.DEPTH not in opened:
        return None
    serials = {
        info.modality: device.serial
        for device in session.manifest.devices
        for info in device.streams
    }
    try:
        rig = rigs.read(study.rig_file, serials)
        return Clouds(rig, opened[Modality.DEPTH], opened.get(Modality.THERMAL))
    except TaverError as error:
        notes.append(f"no points in space: {error.what}; {error.fix}")
        return None


def _labels(rerun: Any, stream: Any, session: Session, span: Span, notes: list[str]) -> None:
    try:
        labels = labels_store.open_labels(session)
    except TaverError as error:
        notes.append(f"no arousal and valence: {error.what}; {error.fix}")
        return
    traces.show_labels(rerun, stream, labels, span)


def _events(rerun: Any, stream: Any, manifest: Manifest, span: Span) -> None:
    # A phase that began before the part that is shown is told at its beginning.
    told = [
        (max(phase.start_unix_ns, span.from_unix_ns), f"phase: {phase.name}")
        for phase in manifest.phases
        if phase.end_unix_ns is None or phase.end_unix_ns >= span.from_unix_ns
    ]
    told += [
        (mark.unix_ns, f"{mark.source or 'marker'}: {mark.name} {mark.note}".strip())
        for mark in manifest.markers
    ]
    for unix_ns, text in sorted(told):
        if span.from_unix_ns <= unix_ns <= span.until_unix_ns:
            stream.set_time(paths.TIME, timestamp=np.datetime64(unix_ns, "ns"))
            stream.log(paths.EVENTS, rerun.TextLog(text, level="INFO"))


def _about(manifest: Manifest, notes: list[str]) -> str:
    when = dt.datetime.fromtimestamp(manifest.epoch.unix_ns / 1e9, dt.UTC)
    lines = [f"# {manifest.name}", ""]
    if manifest.simulated:
        lines += ["**SIMULATED: no person was recorded.**", ""]
    lines += [
        f"- person: {manifest.participant or 'nobody'}",
        f"- begun: {when:%Y-%m-%d %H:%M} UTC",
    ]
    lines += [f"- {stream}: {record.frames} frames" for stream, record in manifest.streams.items()]
    return "\n".join([*lines, *(f"- {note}" for note in notes)])
