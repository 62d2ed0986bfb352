"""The recorder: nothing dropped at full size and rate, at which cost, and as regular as the grid.

Every recording is read back: each frame's bytes must be those of the picture it was taken from, and
the counts must add up.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import psutil
import zarr
from capturing import prepared
from capturing.prepared import SIZE_PX, Pictures, Rig, Stored

from capture.plan import Plan
from capture.recorder import MachineRecorder, Source
from taver.core.clock import NS_PER_MS, NS_PER_S, Epoch, VirtualClock
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo
from taver.core.grid import fill_grid
from taver.core.recording.reader import StreamReader

if TYPE_CHECKING:
    from collections.abc import Iterator

NEED_HZ = 30
_LOOK_EVERY_S = 1.0  # a look costs what is being measured


class Run(NamedTuple):
    """What one recording of prepared pixels came to."""

    sets: int
    dropped: int
    wall_s: float
    cores: float  # CPU seconds a second
    p99_ms: float  # frame taken to bytes written
    rss: list[int]


def measure(quick: bool) -> dict[str, float]:
    """Measure everything; `quick` in under half a minute."""
    cv2.setNumThreads(1)
    made = prepared.pictures()
    wanted = prepared.encoded(made)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="taver bench ") as name:
        folder = Path(name)
        for rate_hz in (10, 30):
            run = recorded(folder, made, wanted, rate_hz, seconds=4 if quick else 60)
            figures[f"dropped_{rate_hz}fps"] = run.dropped
            figures[f"cores_{rate_hz}fps"] = run.cores
            figures[f"disk_p99_ms_{rate_hz}fps"] = run.p99_ms
        figures["disk_p99_ms"] = figures.pop("disk_p99_ms_30fps")
        # A memory that grows shows soonest where each frame comes in memory of its own.
        long = recorded(folder, made, wanted, 10, seconds=4 if quick else 300, fresh=True)
        part = max(1, len(long.rss) // 5)
        figures["rss_growth"] = float(np.mean(long.rss[-part:]) / np.mean(long.rss[:part]))
        figures["rss_mb"] = max(long.rss) / 1e6
        figures |= speeds(folder, made, wanted, quick)
        figures |= grid(folder, seconds=40 if quick else 600)
    return figures


def recorded(
    folder: Path, made: Pictures, wanted: Stored, rate_hz: int, *,
    seconds: float, fresh: bool = False,
) -> Run:  # fmt: skip
    """Record in real time, and hold what is stored against what was sent."""
    rig = prepared.rig(made, rate_hz, paced=True, fresh=fresh)
    delays: dict[tuple[Modality, int], float] = {}
    rss: list[int] = []
    with recorder_in(folder, rig.sources, seconds) as (recorder, place):
        start_ns = time.monotonic_ns() + 200 * NS_PER_MS
        recorder.stop_at(start_ns + round(seconds * NS_PER_S))
        recorder.start(start_ns)
        time.sleep(0.2)
        cpu_s, began_s = time.process_time(), time.perf_counter()
        while not recorder.wait(_LOOK_EVERY_S):
            rss.append(psutil.Process().memory_info().rss)
            for stream in recorder._streams:
                with stream.store._turn:
                    written = list(stream.store._tally._written)
                delays |= {(stream.info.modality, at): delay / 1e6 for at, delay in written}
        cores = (time.process_time() - cpu_s) / (time.perf_counter() - began_s)
        wall_s = time.perf_counter() - began_s
        dropped = finished(recorder, place, rig, wanted)
    planned = round(seconds * rate_hz)
    return Run(
        sets=planned,
        dropped=dropped,
        wall_s=wall_s,
        cores=cores,
        p99_ms=float(np.percentile(list(delays.values()), 99)),
        rss=rss,
    )


def finished(recorder: MachineRecorder, place: Path, rig: Rig, wanted: Stored) -> int:
    """Finish and check a recording; return how many frames it dropped."""
    result = recorder.finish()
    assert not result.unfinished, result.unfinished
    assert not result.problems, result.problems
    stored = dropped = 0
    for modality, piece in result.pieces.items():
        numbers = prepared.check(place / piece.file, wanted[modality])
        assert len(numbers) == piece.frames
        assert len(set(numbers)) == len(numbers)
        stored += piece.frames
        dropped += sum(piece.dropped.values())
    statuses = [s for device in recorder.devices() for s in device.streams]
    assert all(s.taken == s.stored + sum(s.dropped.values()) for s in statuses)
    # The last frame of each stream that was sent may lie behind the end.
    assert rig.sent - 2 * len(SIZE_PX) <= stored + dropped <= rig.sent
    return dropped


def speeds(folder: Path, made: Pictures, wanted: Stored, quick: bool) -> dict[str, float]:
    """Record as fast as it goes, and the same frames one by one into Zarr, turn by turn."""
    ours, theirs = [], []
    for _ in range(2 if quick else 3):
        ours.append(unpaced(folder, made, wanted, sets=120 if quick else 600))
        theirs.append(into_zarr(folder, made, sets=12 if quick else 60))
    return {
        "sets_per_s": float(np.median(ours)),
        "zarr_sets_per_s": float(np.median(theirs)),
        "need_ratio_30fps": float(np.median(ours)) / NEED_HZ,
        "vs_zarr_default": float(np.median(ours) / np.median(theirs)),
    }


def unpaced(folder: Path, made: Pictures, wanted: Stored, sets: int) -> float:
    """Return how many sets a second are encoded and written."""
    rig = prepared.rig(made, NEED_HZ, paced=False, count=sets)
    with recorder_in(folder, rig.sources, 1.0) as (recorder, place):
        began_s = time.perf_counter()
        recorder.start(10 * NS_PER_S)
        assert recorder.wait(300)
        took_s = time.perf_counter() - began_s
        assert finished(recorder, place, rig, wanted) == 0
    return sets / took_s


def into_zarr(folder: Path, made: Pictures, sets: int) -> float:
    """Return how many sets a second Zarr takes with its default codec, one frame a chunk."""
    place = folder / "zarr"
    group = zarr.open_group(place, mode="w")
    arrays = {
        m: group.create_array(
            m.value, shape=(sets, *p[0].shape), chunks=(1, *p[0].shape), dtype=p[0].dtype
        )
        for m, p in made.items()
    }
    began_s = time.perf_counter()
    for number in range(sets):
        for modality, array in arrays.items():
            array[number] = made[modality][number % prepared.RING]
    took_s = time.perf_counter() - began_s
    for modality, array in arrays.items():
        assert np.array_equal(array[sets - 1], made[modality][(sets - 1) % prepared.RING])
    shutil.rmtree(place)
    return sets / took_s


@contextlib.contextmanager
def recorder_in(
    folder: Path, sources: list[Source], seconds: float, grid_hz: int = 0
) -> Iterator[tuple[MachineRecorder, Path]]:
    """Give an armed recorder, and take away what it wrote."""
    place = folder / "recorded"
    place.mkdir()
    epoch = Epoch.now()
    plan = Plan(session="bench", participant=None, seconds=seconds, grid_hz=grid_hz)
    recorder = MachineRecorder(place, plan, sources, timeline=epoch, listen=lambda _: None)
    try:
        infos = recorder.open()
        files = {s.modality: f"{s.modality}.mcap" for info in infos for s in info.streams}
        recorder.arm(files, simulated=True, epoch=epoch)
        yield recorder, place
    finally:
        recorder.close()
        shutil.rmtree(place)


# The grid


class FreeRunning:
    """A camera at about 30 Hz by a clock of its own, whose frames arrive when they arrive."""

    def __init__(
        self, modality: Modality, clock: VirtualClock, *, seed: int, drift_ppm: float
    ) -> None:
        self._modality = modality
        self._clock = clock
        self._random = np.random.default_rng(seed)
        self._drift = 1 + drift_ppm * 1e-6
        self._start_ns = 0
        self._stopped = threading.Event()
        self.taken_ns: list[int] = []  # by the host's clock

    def open(self) -> DeviceInfo:
        """Say what is delivered."""
        stream = StreamInfo(
            modality=self._modality, width_px=32, height_px=24, rate_hz=NEED_HZ, unit=""
        )
        return DeviceInfo(
            driver="free", model="free-running", serial=self._modality.value, simulated=True,
            streams=(stream,),
        )  # fmt: skip

    def start(self, at_ns: int) -> None:
        """Begin somewhere in the first period."""
        self._start_ns = at_ns + round(self._random.uniform(0, NS_PER_S / NEED_HZ))

    def frames(self) -> Iterator[Frame]:
        """Yield frames with what a wire and a scheduler do to their arrival."""
        kind = np.uint8 if self._modality is Modality.COLOR else np.uint16
        pixels = np.zeros((24, 32, 3) if self._modality is Modality.COLOR else (24, 32), kind)
        arrived_ns = 0
        while not self._stopped.is_set():
            number = len(self.taken_ns)
            device_ns = round(number * NS_PER_S / NEED_HZ)
            taken_ns = self._start_ns + round(device_ns * self._drift)
            late_ms = 1.0 + self._random.exponential(3.0) + 25.0 * (self._random.random() < 0.02)
            arrived_ns = max(arrived_ns + 1, taken_ns + round(late_ms * NS_PER_MS))
            self._clock.sleep_until_ns(arrived_ns)
            self.taken_ns.append(taken_ns)
            stamp = Stamp(host_ns=arrived_ns, device_ns=device_ns, number=number)
            yield Frame(modality=self._modality, stamp=stamp, pixels=pixels)

    def stop(self) -> None:
        """End the frames."""
        self._stopped.set()

    def close(self) -> None:
        """Let go."""
        self.stop()


def grid(folder: Path, seconds: float, rate_hz: int = 10) -> dict[str, float]:
    """Record three free-running streams on the shared grid, and judge by when frames were taken."""
    clock_start_ns = 10 * NS_PER_S
    drivers = []
    sources = []
    for seed, (modality, drift_ppm) in enumerate(zip(SIZE_PX, (80, -100, 30), strict=True)):
        clock = VirtualClock(clock_start_ns)
        drivers.append(FreeRunning(modality, clock, seed=seed, drift_ppm=drift_ppm))
        sources.append(Source(drivers[-1], clock))
    filled, residual_ms, same, chosen = [], [], 0, 0
    with recorder_in(folder, sources, seconds, grid_hz=rate_hz) as (recorder, place):
        recorder.stop_at(clock_start_ns + round(seconds * NS_PER_S))
        recorder.start(clock_start_ns)
        assert recorder.wait(300)
        result = recorder.finish()
        statuses = [s for device in recorder.devices() for s in device.streams]
        assert all(s.taken == s.stored + sum(s.dropped.values()) for s in statuses)
        for driver, (modality, piece) in zip(drivers, result.pieces.items(), strict=True):
            with StreamReader(place / piece.file) as reader:
                numbers = np.array([stored.stamp.number for stored in reader])
            # The shortest way from the lens to the host is the same for all: nobody can see it.
            taken_ns = np.array(driver.taken_ns, np.int64) + NS_PER_MS
            wanted = fill_grid(
                taken_ns, start_ns=clock_start_ns, count=round(seconds * rate_hz), rate_hz=rate_hz
            )
            mine = fill_grid(
                taken_ns[numbers], start_ns=clock_start_ns, count=len(wanted.slot_ns),
                rate_hz=rate_hz,
            )  # fmt: skip
            filled.append(mine.filled)
            residual_ms.append(np.abs(mine.residual_ns[mine.filled]) / NS_PER_MS)
            same += len(set(numbers) & set(wanted.frame_index[wanted.filled]))
            chosen += int(wanted.filled.sum())
            assert len(numbers) <= len(wanted.slot_ns), modality
    return {
        "grid_filled": float(np.concatenate(filled).mean()),
        "grid_residual_ms_p99": float(np.percentile(np.concatenate(residual_ms), 99)),
        "grid_same_as_afterwards": same / chosen,
    }
