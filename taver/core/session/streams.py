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

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.frames import Modality
    from taver.core.session.manifest import Manifest, StreamRecord


# A device's counter went on without a frame coming.
LOST_BY_DEVICE = "lost by the device"


def header_for(manifest: Manifest, modality: Modality) -> StreamHeader:
    """Return what the file of `modality` says of itself, by the session's document."""
    record = manifest.streams[modality]
    for device in manifest.devices:
        if (device.driver, device.serial) == (record.driver, record.serial):
            for stream in device.streams:
                if stream.modality is modality:
                    return StreamHeader(
                        session=manifest.name,
                        participant=manifest.participant,
                        simulated=manifest.simulated,
                        modality=modality,
                        width_px=stream.width_px,
                        height_px=stream.height_px,
                        rate_hz=stream.rate_hz,
                        unit=stream.unit,
                        codec=codec_of(modality),
                        driver=device.driver,
                        model=device.model,
                        serial=device.serial,
                        epoch_host_ns=manifest.epoch.host_ns,
                        epoch_unix_ns=manifest.epoch.unix_ns,
                        software=f"taver {__version__}",
                    )
    raise DataError(
        f"session.json names no device for its {modality} stream",
        fix="restore session.json from a backup; it was changed outside taver",
    )


def finished_record(path: Path, record: StreamRecord) -> StreamRecord:
    """Return `record` with what the finished file at `path` holds."""
    with StreamReader(path) as reader:
        times = reader.unix_ns
    with Source(path) as source:
        mark, size_bytes = fingerprint(source), source.size
    return msgspec.structs.replace(
        record,
        frames=len(times),
        first_unix_ns=int(times.min()) if len(times) else None,
        last_unix_ns=int(times.max()) if len(times) else None,
        size_bytes=size_bytes,
        fingerprint=mark,
    )


def lost_by_device(path: Path) -> int:
    """Count the frames that the device numbered and that are not in the finished file."""
    with StreamReader(path) as reader:
        numbers = [stored.stamp.number for stored in reader]
    return sum(max(0, after - before - 1) for before, after in itertools.pairwise(numbers))


def contradictions(manifest: Manifest, modality: Modality, header: StreamHeader) -> list[str]:
    """Return in what the file of `modality` and the session's document contradict each other."""
    record = manifest.streams[modality]
    return [
        f"session.json says {what} {said}, {record.file} says {is_so}"
        for what, said, is_so in (
            ("session", manifest.name, header.session),
            ("participant", manifest.participant, header.participant),
            ("modality", modality, header.modality),
            ("simulated", manifest.simulated, header.simulated),
            ("serial number", record.serial, header.serial),
            ("beginning", manifest.epoch.unix_ns, header.epoch_unix_ns),
        )
        if said != is_so
    ]
