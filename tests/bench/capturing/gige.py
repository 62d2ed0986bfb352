"""The account of a lossy network: every frame a GigE Vision camera sent is stored, or counted.

Aravis' simulated camera leaves out one packet in a thousand and writes down every frame it sends
and every packet it leaves out. That record, which no part of taver has seen, is the judge.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2] / "support"))

import gige
from capturing.recorder import recorder_in

from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from capture.recorder import Source
from taver.core.clock import NS_PER_MS, NS_PER_S, HostClock
from taver.core.frames import FrameStatus, Modality
from taver.core.recording.reader import StreamReader

RATE_HZ = 60
LOST_PER_1000 = 1  # packets


def measure(quick: bool) -> dict[str, float]:
    """Record the camera, and hold the account against its own."""
    seconds = 10 if quick else 60
    clock = HostClock()
    with (
        tempfile.TemporaryDirectory(prefix="taver bench ") as name,
        gige.camera(lost_per_1000=LOST_PER_1000) as camera,
    ):
        config = A65AravisConfig(address=gige.ADDRESS, rate_hz=RATE_HZ)
        driver = A65AravisDriver(config, clock)
        with recorder_in(Path(name), [Source(driver, clock)], seconds) as (recorder, place):
            start_ns = time.monotonic_ns() + 200 * NS_PER_MS
            recorder.stop_at(start_ns + seconds * NS_PER_S)
            recorder.start(start_ns)
            while not recorder.wait(0.25):
                pass
            told = driver.readings()
            result = recorder.finish()
            assert not result.problems, result.problems
            piece = result.pieces[Modality.THERMAL]
            stamps = _stamps(place / piece.file)
            (status,) = recorder.devices()[0].streams
        sent, left_out = camera.sent(), camera.dropped()
    stored, dropped = piece.frames, sum(piece.dropped.values())
    assert stored == len(stamps)
    # What the camera sent besides, while it was told to stop: the driver saw it, too late to store.
    by_number = sum(
        told[f"frames_{n}"] for n in ("delivered", "lost", "after_stop", "before_start")
    )
    beyond = by_number - status.taken
    assert 0 <= beyond < RATE_HZ
    beyond_planned = _check(stamps, sent, left_out)
    incomplete = sum(1 for _, is_incomplete in stamps if is_incomplete)
    assert incomplete == status.incomplete
    return {
        "accounting_gap": float(len(sent) - beyond - stored - dropped),
        "gige_sent": float(len(sent) - beyond),
        "gige_stored": float(stored),
        "gige_incomplete": float(incomplete),
        "gige_lost": float(dropped),
        "gige_incomplete_by_system": float(beyond_planned),
        "gige_packets_left_out": float(len(left_out)),
    }


def _stamps(path: Path) -> list[tuple[int, bool]]:
    """Return the number of every stored frame, and whether packets of it are missing."""
    with StreamReader(path) as reader:
        stamps = [stored.stamp for stored in reader]
    return [(stamp.number, bool(stamp.status & FrameStatus.INCOMPLETE)) for stamp in stamps]


def _check(stamps: list[tuple[int, bool]], sent: list[int], left_out: list[tuple[str, int]]) -> int:
    """Hold each stored frame against what the camera wrote down of it.

    Return how many more are incomplete than the camera left packets out of: on a busy machine the
    system itself drops some, and that is told of the frame as well.
    """
    # Block ids begin anew after 65535; the place in the camera's own list does not.
    place_of: dict[int, int] = {}
    for place, block in enumerate(sent):
        assert block not in place_of, "a recording this long meets the same block id again"
        place_of[block] = place
    damaged = {place_of[block] for _, block in left_out}
    headless = {place_of[block] for packet, block in left_out if packet == "leader"}
    places = [number - sent[0] for number, _ in stamps]
    assert places == sorted(set(places))
    incomplete = {p for p, (_, cut) in zip(places, stamps, strict=True) if cut}
    assert damaged & set(places) <= incomplete, "a frame with missing packets was called whole"
    missing = set(range(places[0], places[-1] + 1)) - set(places)
    assert missing <= headless, "a frame is missing that had a leader"
    assert np.all(np.diff(places) >= 1)
    return len(incomplete - damaged)
