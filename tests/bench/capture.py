"""How well is recorded: nothing lost, how fast, how exactly in time.

python tests/bench/capture.py --json FILE [--quick]

Each part stands in capturing/ and checks what it measures: frames are read back, counts add up,
planted clocks are recovered.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

PARTS = ("recorder", "kills", "gige", "clocks")


BARS = {
    "dropped_10fps": (0, "max"),
    "dropped_30fps": (0, "max"),
    "cores_10fps": (0.15, "max"),
    "cores_30fps": (0.40, "max"),
    "need_ratio_30fps": (2.5, "min"),
    "vs_zarr_default": (4, "min"),
    "disk_p99_ms": (33, "max"),
    "rss_growth": (1.05, "max"),
    "kill9_lost": (0, "max"),
    "accounting_gap": (0, "is"),
    "clock_residual_p99_us": (1000, "max"),
    "start_skew_ratio": (0.1, "max"),
    "grid_filled": (0.999, "min"),
    "grid_residual_ms_p99": (17, "max"),
}
# A busy machine may miss a speed; a frame must not be missed anywhere.
SPEEDS = BARS.keys() - {"kill9_lost", "accounting_gap"}


def main() -> int:
    """Run every part, print a table, write the JSON; fail where something was lost."""
    asked = benching.arguments(__doc__)
    asked.add_argument("--only", choices=PARTS, action="append")
    given = asked.parse_args()
    figures: dict[str, float] = {}
    for part in given.only or PARTS:
        began_s = time.perf_counter()
        figures |= importlib.import_module(f"capturing.{part}").measure(given.quick)
        print(f"  {part}: {time.perf_counter() - began_s:.0f} s", file=sys.stderr)
    return benching.report(given, figures, BARS, may_miss=SPEEDS, whole=not given.only)


if __name__ == "__main__":
    sys.exit(main())
