"""How a session is told in a row, and in full."""

from __future__ import annotations

import contextlib
import datetime as dt
import stat
from typing import TYPE_CHECKING, Final

from taver.cli.stages import recorded
from taver.core.clock import NS_PER_S
from taver.core.consent import Audience
from taver.core.errors import TaverError
from taver.core.session.agreed import in_force
from taver.core.session.folder import Session
from taver.core.session.manifest import State

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.session.manifest import Manifest, StreamRecord
    from taver.core.study import Study

COLUMNS: Final = ("session", "who", "length", "frames", "drops", "consent", "size", "recorded")
RIGHT: Final = "  rrr r "


def row(study: Study, folder: Path) -> list[str]:
    """Return a session's row; one that cannot be read says so."""
    try:
        return _row(study, Session(folder))
    except TaverError as error:
        return [folder.name, f"unreadable: {error.what}", *[""] * (len(COLUMNS) - 2)]


def _row(study: Study, session: Session) -> list[str]:
    manifest = session.manifest
    streams = manifest.streams.values()
    ended = manifest.state is not State.RECORDING
    return [
        session.folder.name,  # what the commands know it by
        (manifest.participant or "-") + (" (sim)" if manifest.simulated else ""),
        _length(manifest.length_s) if ended else "?",
        " ".join(str(stream.frames) for stream in streams) if ended else "?",
        str(sum(sum(stream.dropped.values()) for stream in streams)) if ended else "?",
        _consent(study, manifest),
        _size(_bytes_in(session.folder)),
        recorded(session),
    ]


def lines(study: Study, session: Session) -> list[str]:
    """Tell all that is known of a session, a line each."""
    manifest = session.manifest
    begun = dt.datetime.fromtimestamp(manifest.epoch.unix_ns / NS_PER_S, tz=dt.UTC).astimezone()
    who = manifest.participant or "nobody (a board, or a test)"
    told = [
        f"session    {session.name}" + ("  (simulated)" if manifest.simulated else ""),
        f"folder     {session.folder}",
        f"begun      {begun:%Y-%m-%d %H:%M:%S}",
        f"recorded   {recorded(session)}",
        f"length     {_length(manifest.length_s)}",
        f"who        {who}",
        f"consent    {manifest.consent.in_words() if manifest.consent else '-'}",
        *_changed(study, manifest),
    ]
    for device in manifest.devices:
        name = (
            device.model if device.model == device.driver else f"{device.model} ({device.driver})"
        )
        told.append(f"device     {name}, serial {device.serial}")
    for modality, stream in manifest.streams.items():
        told.append(f"{modality:<10} {_stream(stream)}")
    told += [f"phase      {phase.name}" for phase in manifest.phases]
    told += [f"marker     {marker.name}  {marker.note}".rstrip() for marker in manifest.markers]
    told.append("software   " + ", ".join(f"{k} {v}" for k, v in manifest.software.items()))
    return told


def _changed(study: Study, manifest: Manifest) -> list[str]:
    """Tell what the person agrees to now, where that is not what it was."""
    now = in_force(study, manifest)
    if now == manifest.consent:
        return []
    return [f"  now      {now.in_words() if now else 'none on file'}"]


def _stream(stream: StreamRecord) -> str:
    drops = ", ".join(f"{count} {reason}" for reason, count in stream.dropped.items())
    return f"{stream.frames} frames, {drops or 'none dropped'}, {_size(stream.size_bytes)}"


def _consent(study: Study, manifest: Manifest) -> str:
    """Tell in a word who may use it today."""
    if manifest.participant is None:
        return "-"
    now = in_force(study, manifest)
    if now is None:
        return "none"
    if now.withdrawn_on is not None:
        return "withdrawn"
    return "/".join(a.value for a in Audience if a in now.scopes.values())


def _bytes_in(folder: Path) -> int:
    size_bytes = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # while it is recorded, files come and go
            found = path.lstat()
            size_bytes += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return size_bytes


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _size(size_bytes: int) -> str:
    if size_bytes < 10**6:
        return f"{size_bytes / 1e3:.0f} kB"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 10**9 else f"{size_bytes / 1e9:.2f} GB"
