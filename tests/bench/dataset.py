"""How datasets are built and read: speed, memory, size, and whether it is the same every way.

python tests/bench/dataset.py --json FILE [--quick]

A build is timed as a process of its own, on two cores that nobody else should use; keys that end in
`_by_cpu` count its processor time instead, which holds on a busy machine, too. Reading is told as a
share of copying the same bytes out of memory, in the same run.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

PARTS = ("build", "reading")
BARS = {
    "realtime_factor": (20.0, "min"),
    "realtime_factor_cut": (None, ""),
    "realtime_factor_by_cpu": (None, ""),
    "realtime_recorded_s": (None, ""),  # how much was recorded, in two sessions
    "realtime_factor_cut_by_cpu": (None, ""),
    "rss_mb": (1500.0, "max"),
    "rss_growth": (1.05, "max"),
    "load_share_own": (0.45, "min"),
    "load_share_own_4fps": (None, ""),
    "load_share_tensorstore": (0.18, "min"),
    "load_share_zarr": (0.08, "min"),
    "load_share_zarrs": (None, ""),  # zarr-python with the codecs of zarrs, by blocks
    "load_plain_us": (None, ""),  # what a share is of: a clip copied from memory
    "size_ratio": (0.75, "max"),
    "rebuild_chunks_written": (0, "is"),
    "interrupted_identical": (True, "is"),
    "peer_reads_equal": (True, "is"),
    "dask_equal": (True, "is"),
    "s3_equal": (True, "is"),
    "forgotten_traces": (0, "is"),
}
# A busy machine may miss a speed; these have to hold anywhere.
SPEEDS = {
    "realtime_factor", "load_share_own", "load_share_tensorstore", "load_share_zarr",
}  # fmt: skip


def main() -> int:
    """Measure, print and write the figures."""
    given = benching.arguments(__doc__).parse_args()
    figures: dict[str, float | bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            own = Path(folder) / part
            own.mkdir()
            module = importlib.import_module(f"building.{part}")
            figures |= module.measured(given.quick, own)
    return benching.report(given, figures, BARS, may_miss=SPEEDS)


if __name__ == "__main__":
    sys.exit(main())
