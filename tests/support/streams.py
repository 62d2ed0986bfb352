"""Small streams with known content, for tests of recordings."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from taver.core.frames import FrameStatus, Modality, Stamp
from taver.core.recording.header import StreamHeader
from taver.core.recording.writer import StreamWriter

if TYPE_CHECKING:
    from pathlib import Path

START_NS = 1_800_000_000_000_000_000
PERIOD_NS = 100_000_000


def header(modality: Modality = Modality.DEPTH, **changed: object) -> StreamHeader:
    values = {
        "session": "s01",
        "participant": "P01",
        "simulated": True,
        "modality": modality,
        "width_px": 32,
        "height_px": 24,
        "rate_hz": 10.0,
        "unit": "mm",
        "codec": "blosc",
        "driver": "pattern",
        "model": "test pattern",
        "serial": "0",
        "epoch_host_ns": 0,
        "epoch_unix_ns": START_NS,
        "software": "a test",
    }
    return StreamHeader(**{**values, **changed})


def stamp(number: int) -> Stamp:
    return Stamp(
        host_ns=5_000 + number * PERIOD_NS,
        device_ns=None if number % 3 == 0 else number * PERIOD_NS,
        number=number,
        status=FrameStatus.FROZEN if number % 7 == 0 else FrameStatus.OK,
    )


def data(number: int, size: int = 600) -> bytes:
    return random.Random(number).randbytes(size + number)


def write_stream(path: Path, frames: int, **changed: object) -> list[bytes]:
    """Write a finished stream of `frames` frames; return what is in each."""
    contents = [data(number) for number in range(frames)]
    with StreamWriter(path, header(**changed)) as writer:
        for number, content in enumerate(contents):
            writer.write(START_NS + number * PERIOD_NS, stamp(number), content)
        writer.finish()
    return contents
