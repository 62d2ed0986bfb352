"""How right and how fast calibration and registration are.

python tests/bench/calibration.py --json FILE [--quick]

The rig's own truth judges everything; registration is timed against copying its output.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

# One thread everywhere, set before any library reads it: figures are compared, not sold.
for _library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

# This file is called as the package is; its folder has to come behind that.
sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parents[1] / "support"))

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


def met(value: float, bar: float | tuple[float, float], sense: str) -> bool:
    """Tell whether a figure reaches its bar."""
    if isinstance(bar, tuple):
        return bar[0] <= value <= bar[1]
    return value >= bar if sense == "min" else value <= bar


def main() -> int:
    """Measure, print and write the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    given = arguments.parse_args()
    figures: dict[str, float] = {}
    for part in PARTS:
        figures |= importlib.import_module(f"calibrating.{part}").measure(quick=given.quick)
    wrong = False
    for key, (bar, sense) in BARS.items():
        good = met(figures[key], bar, sense)
        wrong |= key not in SPEEDS and not good
        sign = {"min": ">=", "max": "<=", "within": "in"}[sense]
        print(f"{'met' if good else 'MISSED':<8}{key:<30}{figures[key]:>10.5g}  {sign} {bar}")
    for key in sorted(figures.keys() - BARS.keys()):
        print(f"{'':<8}{key:<30}{figures[key]:>10.5g}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
