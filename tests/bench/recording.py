"""How fast a session is written, how soon any frame is read, and what kill -9 takes.

python tests/bench/recording.py --json FILE [--quick]

Every figure is taken on data that is checked: frames are read back and compared, with our reader
and with the MCAP project's own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# This folder holds a file that is called as the package `capture` is, and has to come behind it.
_HERE = str(Path(__file__).resolve().parent)
sys.path[:] = [*(part for part in sys.path if part != _HERE), _HERE]

import numpy as np
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from capture import encode
from taver.core.codec import codec_of, decode
from taver.core.frames import Modality, Stamp
from taver.core.recording.header import StreamHeader
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import recover
from taver.core.recording.writer import StreamWriter

SIZE_PX = {
    Modality.COLOR: (1920, 1080),
    Modality.DEPTH: (512, 424),
    Modality.THERMAL: (640, 512),
}
START_NS = 1_800_000_000_000_000_000
PERIOD_NS = 100_000_000


def main() -> int:
    """Run everything, print a table, write the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--victim", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.victim:
        record_until_killed(given.victim)
    pictures = tri_modal_set()
    encoded = {m: encode.frame(m, p) for m, p in pictures.items()}
    figures: dict[str, float] = {
        "set_bytes_raw": sum(p.nbytes for p in pictures.values()),
        "set_bytes_stored": sum(map(len, encoded.values())),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures |= writing(folder, encoded, rounds=3 if given.quick else 7)
        figures |= reading(folder, pictures, encoded, reads=60 if given.quick else 200)
        figures |= killing(folder, runs=20)
    for key, value in figures.items():
        print(f"{key:<28}{value:>14,.3f}".rstrip("0").rstrip("."))
    bars = {
        "sets_per_cpu_s >= 1000": figures["sets_per_cpu_s"] >= 1000,
        "random_read_ms <= 20": figures["random_read_ms"] <= 20,
        "kill9_lost == 0": figures["kill9_lost"] == 0,
    }
    for key, met in bars.items():
        print(f"{'met' if met else 'MISSED':<8}{key}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    # A busy machine may miss a speed; a frame must not be missed anywhere.
    return int(figures["kill9_lost"])


def tri_modal_set() -> dict[Modality, np.ndarray]:
    """Return a set of pictures that compress about as real ones do (smooth, with sensor noise)."""
    noise = np.random.default_rng(7)
    rows, columns = np.mgrid[0:1080, 0:1920]
    waves = [128 + 70 * np.sin(columns / 97 + k) * np.cos(rows / 71 - k) for k in range(3)]
    color = np.stack(waves, axis=-1) + noise.normal(0, 4, (1080, 1920, 3))
    depth = 900 + 0.8 * columns[:424, :512] + noise.normal(0, 1.5, (424, 512))
    thermal = 7400 + 300 * np.sin(rows[:512, :640] / 150) + noise.normal(0, 1, (512, 640))
    return {
        Modality.COLOR: color.clip(0, 255).astype(np.uint8),
        Modality.DEPTH: depth.astype(np.uint16),
        Modality.THERMAL: thermal.astype(np.uint16),
    }


def header(modality: Modality) -> StreamHeader:
    width_px, height_px = SIZE_PX[modality]
    return StreamHeader(
        session="bench", participant=None, simulated=True, modality=modality,
        width_px=width_px, height_px=height_px, rate_hz=10.0, unit="", codec=codec_of(modality),
        driver="bench", model="bench", serial="0", epoch_host_ns=0, epoch_unix_ns=START_NS,
        software="bench",
    )  # fmt: skip


def stamp(number: int) -> Stamp:
    return Stamp(host_ns=number * PERIOD_NS, device_ns=number * PERIOD_NS, number=number)


def path_of(folder: Path, modality: Modality) -> Path:
    return folder / f"{modality}.mcap"


def writing(folder: Path, encoded: dict[Modality, bytes], rounds: int) -> dict[str, float]:
    """Write the same sets by our writer, by the reference library, and as bare bytes."""
    sets = 300
    speeds: dict[str, list[float]] = {"ours": [], "library": [], "bare": []}
    for _ in range(rounds):
        for way, write in (("bare", bare), ("library", by_library), ("ours", by_us)):
            for old in folder.iterdir():
                old.unlink()
            began_s = time.process_time()
            write(folder, encoded, sets)
            speeds[way].append(sets / (time.process_time() - began_s))
    # What is left on the disk is ours: the reference library must read every frame of it.
    for modality, data in encoded.items():
        with path_of(folder, modality).open("rb") as file:
            messages = [m for _, _, m in make_reader(file, validate_crcs=True).iter_messages()]
        assert len(messages) == sets
        assert all(message.data.endswith(data) for message in messages)
    ours = statistics.median(speeds["ours"])
    return {
        "sets_per_cpu_s": ours,
        "vs_library": ours / statistics.median(speeds["library"]),
        "vs_bare_bytes": ours / statistics.median(speeds["bare"]),
    }


def by_us(folder: Path, encoded: dict[Modality, bytes], sets: int) -> None:
    writers = {m: StreamWriter(path_of(folder, m), header(m)) for m in encoded}
    for number in range(sets):
        for modality, data in encoded.items():
            writers[modality].write(START_NS + number * PERIOD_NS, stamp(number), data)
    for writer in writers.values():
        writer.finish()


class Unbuffered:
    """What the reference writer needs to hand every frame to the operating system at once."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb", buffering=0)
        self.at = 0

    def write(self, data: bytes) -> int:
        self.at += len(data)
        return self.file.write(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None: ...


def by_library(folder: Path, encoded: dict[Modality, bytes], sets: int) -> None:
    writers = {}
    for modality in encoded:
        out = Unbuffered(path_of(folder, modality))
        writer = Writer(out, chunk_size=0, compression=CompressionType.NONE, enable_data_crcs=True)
        writer.start()
        channel = writer.register_channel("/x", "", writer.register_schema("x", "", b""))
        writers[modality] = (writer, channel, out)
    for number in range(sets):
        for modality, data in encoded.items():
            writer, channel, _ = writers[modality]
            log_ns = START_NS + number * PERIOD_NS
            writer.add_message(channel, log_ns, data, log_ns, number)
    for writer, _, out in writers.values():
        writer.finish()
        os.fsync(out.file.fileno())
        out.file.close()


def bare(folder: Path, encoded: dict[Modality, bytes], sets: int) -> None:
    for modality, data in encoded.items():
        with path_of(folder, modality).open("wb", buffering=0) as file:
            for _ in range(sets):
                file.write(data)
            os.fsync(file.fileno())


def reading(
    folder: Path, pictures: dict[Modality, np.ndarray], encoded: dict[Modality, bytes], reads: int
) -> dict[str, float]:
    """Open the session and read sets at random times, decoded; then the stored bytes alone."""
    began_s = time.perf_counter()
    readers = {m: StreamReader(path_of(folder, m)) for m in encoded}
    opened_ms = (time.perf_counter() - began_s) * 1e3
    chance = random.Random(3)
    whole_ms, bytes_ms = [], []
    for _ in range(reads):
        at_ns = START_NS + chance.randrange(len(readers[Modality.COLOR])) * PERIOD_NS
        began_s = time.perf_counter()
        stored = {m: r.read(r.nearest(at_ns)) for m, r in readers.items()}
        bytes_ms.append((time.perf_counter() - began_s) * 1e3)
        decoded = {m: decode(m, stored[m].data, *SIZE_PX[m][::-1]) for m in stored}
        whole_ms.append((time.perf_counter() - began_s) * 1e3)
        for modality, frame in stored.items():
            assert frame.unix_ns == at_ns
            assert bytes(frame.data) == encoded[modality]
        for modality in (Modality.DEPTH, Modality.THERMAL):
            assert np.array_equal(decoded[modality], pictures[modality])
        error = decoded[Modality.COLOR].astype(int) - pictures[Modality.COLOR]
        assert np.sqrt((error**2).mean()) < 8
    for reader in readers.values():
        reader.close()
    return {
        "open_ms": opened_ms,
        "random_read_ms": statistics.median(whole_ms),
        "random_read_p99_ms": float(np.percentile(whole_ms, 99)),
        "random_read_bytes_ms": statistics.median(bytes_ms),
    }


def killing(folder: Path, runs: int) -> dict[str, float]:
    """Kill a recording process at random moments; read back all that it had acknowledged."""
    lost = acknowledged = torn = 0
    chance = random.Random(11)
    for run in range(runs):
        place = folder / f"kill-{run}"
        place.mkdir()
        victim = subprocess.Popen(
            [sys.executable, __file__, "--victim", str(place)], stdout=subprocess.PIPE
        )
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.005, 0.25))
        victim.send_signal(signal.SIGKILL)
        said = victim.stdout.read().splitlines()
        victim.wait()
        # The last line may be cut in its middle: only a whole one acknowledges.
        counts = [line.split() for line in said if line.endswith(b".")]
        for modality in SIZE_PX:
            mine = [int(n.rstrip(b".")) for m, n in counts if m == modality.value.encode()]
            rescued = recover(path_of(place, modality), header(modality))
            torn += rescued.cut_bytes > 0
            acknowledged += len(mine)
            with StreamReader(path_of(place, modality)) as reader:
                back = {
                    f.stamp.number
                    for f in reader
                    if bytes(f.data) == payload(modality, f.stamp.number)
                }
                assert len(back) == len(reader), "a frame came back changed"
            lost += len(set(mine) - back)
    return {
        "kill9_runs": runs,
        "kill9_lost": lost,
        "kill9_acknowledged": acknowledged,
        "kill9_torn_files": torn,
    }


def payload(modality: Modality, number: int) -> bytes:
    """Return bytes of a frame's size that can be told from every other frame's."""
    size = {Modality.COLOR: 450_000, Modality.DEPTH: 110_000, Modality.THERMAL: 180_000}[modality]
    return random.Random(f"{modality}{number}").randbytes(64) * (size // 64)


def record_until_killed(folder: Path) -> None:
    """Write frame after frame, saying of each that it is written; never return."""
    writers = {m: StreamWriter(path_of(folder, m), header(m)) for m in SIZE_PX}
    print("ready", flush=True)
    number = 0
    while True:
        for modality, writer in writers.items():
            writer.write(START_NS + number * PERIOD_NS, stamp(number), payload(modality, number))
            os.write(1, f"{modality} {number}.\n".encode())
        number += 1


if __name__ == "__main__":
    sys.exit(main())
