"""kill -9 in the middle of a recording: every frame that was acknowledged is there, and right."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from capturing import prepared
from capturing.prepared import SIZE_PX, Stored

from capture.plan import Plan
from capture.recorder import MachineRecorder
from taver.core.clock import Epoch
from taver.core.recording.recover import recover

KILLS = 20
RATE_HZ = 60
_SETS = "sets.npz"
_BENCHES = Path(__file__).resolve().parent.parent
# The benches' own capture.py must not stand before the package.
_VICTIM = f"""
import sys
sys.path.append({str(_BENCHES)!r})
from capturing.kills import record_until_killed
record_until_killed(sys.argv[1], sys.argv[2])
"""


class Killed(NamedTuple):
    """What one killed process had said, and what was found."""

    acknowledged: int
    lost: int
    found: int
    torn: int


def measure(quick: bool) -> dict[str, float]:
    """Kill 20 recorders at random moments; `quick` lets each record for less long."""
    made = prepared.pictures()
    wanted = prepared.encoded(made)
    chance = random.Random(5)
    runs = []
    with tempfile.TemporaryDirectory(prefix="taver kills ") as name:
        folder = Path(name)
        arrays = {f"{m}{n}": p for m, pictures in made.items() for n, p in enumerate(pictures)}
        np.savez(folder / _SETS, **arrays)
        places = [folder / f"kill {number}" for number in range(KILLS)]
        victim = started(folder, places[0])
        for number, place in enumerate(places):
            said = killed(victim, chance.uniform(0.02, 0.2 if quick else 2.0))
            if number + 1 < KILLS:
                victim = started(folder, places[number + 1])  # gets ready meanwhile
            runs.append(held_against(place, wanted, said))
    return {
        "kill9_runs": KILLS,
        "kill9_lost": sum(run.lost for run in runs),
        "kill9_acknowledged": sum(run.acknowledged for run in runs),
        "kill9_found": sum(run.found for run in runs),
        "kill9_torn_files": sum(run.torn for run in runs),
    }


def started(folder: Path, place: Path) -> subprocess.Popen[bytes]:
    """Start a recorder in a process of its own."""
    place.mkdir()
    own = os.pathsep.join(part for part in sys.path if part and Path(part) != _BENCHES)
    return subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(folder / _SETS), str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": own},
    )


def killed(victim: subprocess.Popen[bytes], after_s: float) -> list[int]:
    """Let it begin, kill it, and return how many frames of each stream it had acknowledged."""
    assert victim.stdin is not None
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"ready\n"
    victim.stdin.write(b"begin\n")
    victim.stdin.flush()
    time.sleep(after_s)
    victim.kill()
    lines = victim.stdout.read().splitlines()
    victim.communicate()
    # The last line may be cut in its middle: only a whole one acknowledges.
    said = [[int(n) for n in line[:-1].split()] for line in lines if line.endswith(b".")]
    return [max(column) for column in zip(*said, strict=True)] or [0] * len(SIZE_PX)


def held_against(place: Path, wanted: Stored, said: list[int]) -> Killed:
    """Recover what the process left, and look at every frame."""
    lost = found = torn = 0
    for modality, acknowledged in zip(SIZE_PX, said, strict=True):
        path = place / f"{modality}.mcap"
        torn += recover(path, None).cut_bytes > 0
        numbers = prepared.check(path, wanted[modality])
        assert numbers == list(range(len(numbers))), "a frame in the middle is missing"
        found += len(numbers)
        lost += max(0, acknowledged - len(numbers))
    return Killed(sum(said), lost, found, torn)


def record_until_killed(sets: str, place: str) -> None:
    """Record, saying after each frame how many of each stream are stored; never return."""
    with np.load(sets) as file:
        made = {m: [file[f"{m}{n}"] for n in range(prepared.RING)] for m in SIZE_PX}

    class Aloud:
        def begin(self, title: str, total: int) -> None: ...

        def advance(self, *_: int) -> None:
            counts = [s.stored for device in recorder.devices() for s in device.streams]
            os.write(1, f"{' '.join(map(str, counts))}.\n".encode())

    epoch = Epoch.now()
    rig = prepared.rig(made, RATE_HZ, paced=True)
    plan = Plan(session="killed", participant=None, seconds=60)
    recorder = MachineRecorder(
        Path(place), plan, rig.sources, timeline=epoch, listen=print, progress=Aloud()
    )
    recorder.open()
    recorder.arm({m: f"{m}.mcap" for m in SIZE_PX}, simulated=True, epoch=epoch)
    os.write(1, b"ready\n")
    sys.stdin.readline()
    recorder.start(time.monotonic_ns())
    recorder.wait(60)
    os._exit(3)  # nobody killed it
