"""What session.json and a stream's file tell of each other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from taver import __version__
from taver.core.codec import codec_of
from taver.core.errors import DataError
from taver.core.recording.header import StreamHeader
from taver.core.recording.reader import StreamReader
from taver.core.recording.source import Source
from taver.core.recording.tail import fingerprint
from taver.core.session.manifest import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from taver.core.clock import Epoch
    from taver.core.frames import DeviceInfo, Modality, StreamInfo
    from taver.core.session.manifest import Manifest

# A device's counter went on without a frame coming.
LOST_BY_DEVICE = "lost by the device"
# The program died before it could tell why: where frames are chosen for a grid, most were not.
UNTOLD = "lost, or left out for the grid"


def stream_header(
    device: DeviceInfo,
    stream: StreamInfo,
    *,
    session: str,
    participant: str | None,
    simulated: bool,
    epoch: Epoch,
) -> StreamHeader:
    """Return what the file of one of a device's streams says of itself."""
    return StreamHeader(
        session=session,
        participant=participant,
        simulated=simulated,
        modality=stream.modality,
        width_px=stream.width_px,
        height_px=stream.height_px,
        rate_hz=stream.rate_hz,
        unit=stream.unit,
        samples_hz=stream.samples_hz,
        channels=stream.channels,
        codec=codec_of(stream.modality),
        driver=device.driver,
        model=device.model,
        serial=device.serial,
        epoch_host_ns=epoch.host_ns,
        epoch_unix_ns=epoch.unix_ns,
        software=f"taver {__version__}",
    )


def header_for(manifest: Manifest, modality: Modality, piece: Piece) -> StreamHeader:
    """Return what the file of a piece says of itself, by the session's document."""
    for device in manifest.devices:
        if (device.driver, device.serial) == (piece.driver, piece.serial):
            for stream in device.streams:
                if stream.modality is modality:
                    return stream_header(
                        device,
                        stream,
                        session=manifest.name,
                        participant=manifest.participant,
                        simulated=manifest.simulated,
                        epoch=piece.epoch,
                    )
    raise DataError(
        f"session.json names no device for its {modality} stream",
        fix="restore session.json from a backup; it was changed outside taver",
    )


def new_pieces(
    devices: Iterable[DeviceInfo], files: Mapping[Modality, str], epoch: Epoch
) -> dict[Modality, Piece]:
    """Return the pieces that devices are about to write, of those streams that have a file."""
    return {
        stream.modality: Piece(
            file=files[stream.modality], driver=device.driver, serial=device.serial, epoch=epoch
        )
        for device in devices
        for stream in device.streams
        if stream.modality in files
    }


def finished_piece(path: Path, piece: Piece) -> Piece:
    """Return `piece` with what the finished file at `path` holds."""
    with StreamReader(path) as reader:
        times = reader.unix_ns
    with Source(path) as source:
        mark, size_bytes = fingerprint(source), source.size
    return msgspec.structs.replace(
        piece,
        frames=len(times),
        first_unix_ns=int(times.min()) if len(times) else None,
        last_unix_ns=int(times.max()) if len(times) else None,
        size_bytes=size_bytes,
        fingerprint=mark,
    )


def missing_from(path: Path, *, chosen: bool) -> dict[str, int]:
    """Count, by reason, the frames that a dead program's file lacks; `chosen`: for a grid."""
    count = lost_by_device(path)
    return {UNTOLD if chosen else LOST_BY_DEVICE: count} if count else {}


def lost_by_device(path: Path) -> int:
    """Count the frames that the device numbered and that are not in the finished file."""
    with StreamReader(path) as reader:
        numbers = [stored.stamp.number for stored in reader]
    return sum(max(0, after - before - 1) for before, after in itertools.pairwise(numbers))


def contradictions(
    manifest: Manifest, modality: Modality, piece: Piece, header: StreamHeader
) -> list[str]:
    """Return in what the file of a piece and the session's document contradict each other."""
    return [
        f"session.json says {what} {said}, {piece.file} says {is_so}"
        for what, said, is_so in (
            ("session", manifest.name, header.session),
            ("participant", manifest.participant, header.participant),
            ("modality", modality, header.modality),
            ("simulated", manifest.simulated, header.simulated),
            ("serial number", piece.serial, header.serial),
            ("beginning", piece.epoch.unix_ns, header.epoch_unix_ns),
        )
        if said != is_so
    ]
