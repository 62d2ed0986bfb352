"""How fast faces are followed, and how near to the truth they are found.

python tests/bench/faces.py --json FILE [--quick]

The simulated rig is the judge. Times are CPU time of one thread, frame by frame in turn, except for
two processes against one, which are wall time and want two idle cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

BARS = {
    "share_of_limit": (0.6, "min"),
    "vs_full_detection": (14.0, "min"),
    "two_process_speedup": (1.7, "min"),
    "found": (0.995, "min"),
    "rows_exact": (True, "is"),
    "lost_flagged_frames": (3, "max"),
    "recovered_frames": (3, "max"),
    "jitter_raw_px": (0.35, "max"),
    "jitter_smooth_px": (0.20, "max"),
    "moving_rmse_px": (1.0, "max"),
    "crop_error_px": (0.40, "max"),
    "depth_transfer_px": (0.15, "max"),
    "thermal_transfer_px": (0.6, "max"),
}
# A busy machine may miss a speed; these have to hold anywhere.
SPEEDS = {"share_of_limit", "vs_full_detection", "two_process_speedup"}


def main() -> int:
    """Measure, print and write the figures."""
    given = benching.arguments(__doc__).parse_args()
    from facing.measure import measured

    with tempfile.TemporaryDirectory() as folder:
        figures = measured(given.quick, Path(folder))
    return benching.report(given, figures, BARS, may_miss=SPEEDS)


if __name__ == "__main__":
    sys.exit(main())
