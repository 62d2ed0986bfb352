"""How right and how fast calibration and registration are.

python tests/bench/calibration.py --json FILE [--quick]

The rig's own truth judges everything; registration is timed against copying its output.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

PARTS = ("registering", "solving")
BARS = {
    "register_fast_ms": (3.0, "max"),
    "register_fast_vs_memcpy": (20.0, "max"),
    "register_dense_ms": (8.0, "max"),
    "register_dense_box_ms": (1.5, "max"),
    "dense_coverage": (0.98, "min"),
    "dense_mae_mm": (0.88, "max"),
    "noisy_coverage": (0.97, "min"),
    "noisy_mae_mm": (0.95, "max"),
    "background_through": (0.0001, "max"),
    "solve_s_20": (5.0, "max"),
    "solve_s_40": (10.0, "max"),
    "translation_mm": (0.6, "max"),
    "rotation_deg": (0.2, "max"),
    "shift_mm": (2.0, "max"),
    "transfer_px": (0.35, "max"),
    "vs_iai_translation": (5.0, "min"),
    "two_sigma": ((0.90, 0.98), "within"),
    "end_to_end_transfer_px": (0.6, "max"),
}
# A busy machine may miss a speed; these have to hold anywhere.
SPEEDS = {
    "register_fast_ms", "register_fast_vs_memcpy", "register_dense_ms", "register_dense_box_ms",
    "solve_s_20", "solve_s_40",
}  # fmt: skip


def main() -> int:
    """Measure, print and write the figures."""
    given = benching.arguments(__doc__).parse_args()
    figures: dict[str, float] = {}
    for part in PARTS:
        figures |= importlib.import_module(f"calibrating.{part}").measure(quick=given.quick)
    return benching.report(given, figures, BARS, may_miss=SPEEDS)


if __name__ == "__main__":
    sys.exit(main())
