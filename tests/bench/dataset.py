"""How datasets are built and read: speed, memory, size, and whether it is the same every way.

python tests/bench/dataset.py --json FILE [--quick]

A build is timed as a process of its own, on two cores that nobody else should use; keys that end in
`_by_cpu` count its processor time instead, which holds on a busy machine, too. Reading is told as a
share of copying the same bytes out of memory, in the same run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
# This folder has to come behind the packages. Processes that are spawned come past here again.
_HERE = Path(__file__).resolve().parent
_BEHIND = [str(_HERE), str(_HERE.parent / "support")]
sys.path[:] = [*(part for part in sys.path if part not in _BEHIND), *_BEHIND]

PARTS = ("build", "reading")
BARS = {
    "realtime_factor": (20.0, "min"),
    "realtime_factor_cut": (None, ""),
    "realtime_factor_by_cpu": (None, ""),
    "realtime_factor_cut_by_cpu": (None, ""),
    "rss_mb": (1500.0, "max"),
    "rss_growth": (1.05, "max"),
    "load_share_own": (0.45, "min"),
    "load_share_own_4fps": (None, ""),
    "load_share_tensorstore": (0.18, "min"),
    "load_share_zarr": (0.08, "min"),
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
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    given = arguments.parse_args()
    figures: dict[str, float | bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            own = Path(folder) / part
            own.mkdir()
            module = importlib.import_module(f"building.{part}")
            figures |= module.measured(given.quick, own)
    wrong = False
    for key, (bar, sense) in BARS.items():
        value = figures[key]
        shown = str(value) if isinstance(value, bool) else f"{value:.4g}"
        if bar is None:
            print(f"{'':<8}{key:<28}{shown:>10}")
            continue
        met = value >= bar if sense == "min" else value <= bar if sense == "max" else value == bar
        wrong |= key not in SPEEDS and not met
        sign = {"min": ">=", "max": "<=", "is": "=="}[sense]
        print(f"{'met' if met else 'MISSED':<8}{key:<28}{shown:>10}  {sign} {bar}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
