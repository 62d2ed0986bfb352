"""How well is recorded: nothing lost, how fast, how exactly in time.

python tests/bench/capture.py --json FILE [--quick]

Each part stands in capturing/ and checks what it measures: frames are read back, counts add up,
planted clocks are recovered.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

# Before anything is imported that starts threads of its own.
for _library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

# This file is called as the package is; its folder has to come behind that.
_HERE = str(Path(__file__).resolve().parent)
sys.path[:] = [*(part for part in sys.path if part != _HERE), _HERE]

PARTS = ("recorder", "kills", "gige", "clocks")


class Bar(NamedTuple):
    """What a figure has to be."""

    key: str
    at_most: float | None = None
    at_least: float | None = None
    always: bool = False  # on any machine, however busy

    def met(self, value: float) -> bool:
        """Tell whether the figure is good enough; one that is no number is not."""
        high = self.at_most is None or value <= self.at_most
        return high and (self.at_least is None or value >= self.at_least)

    def __str__(self) -> str:
        if self.at_most is None:
            return f"{self.key} >= {self.at_least:g}"
        if self.at_least == self.at_most:
            return f"{self.key} == {self.at_most:g}"
        return f"{self.key} <= {self.at_most:g}"


BARS = (
    Bar("dropped_10fps", at_most=0),
    Bar("dropped_30fps", at_most=0),
    Bar("cores_10fps", at_most=0.15),
    Bar("cores_30fps", at_most=0.40),
    Bar("need_ratio_30fps", at_least=2.5),
    Bar("vs_zarr_default", at_least=4),
    Bar("disk_p99_ms", at_most=33),
    Bar("rss_growth", at_most=1.05),
    Bar("kill9_lost", at_most=0, always=True),
    Bar("accounting_gap", at_most=0, at_least=0, always=True),
    Bar("clock_residual_p99_us", at_most=1000),
    Bar("start_skew_ratio", at_most=0.1),
    Bar("grid_filled", at_least=0.999),
    Bar("grid_residual_ms_p99", at_most=17),
)


def main() -> int:
    """Run every part, print a table, write the JSON; fail where something was lost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", choices=PARTS, action="append")
    given = arguments.parse_args()
    figures: dict[str, float] = {}
    for part in given.only or PARTS:
        began_s = time.perf_counter()
        figures |= importlib.import_module(f"capturing.{part}").measure(given.quick)
        print(f"  {part}: {time.perf_counter() - began_s:.0f} s", file=sys.stderr)
    for key, value in figures.items():
        print(f"{key:<28}{value:>14,.4f}".rstrip("0").rstrip("."))
    judged = [bar for bar in BARS if bar.key in figures]
    for bar in judged:
        print(f"{'met' if bar.met(figures[bar.key]) else 'MISSED':<8}{bar}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    # A busy machine may miss a speed; a frame must not be missed anywhere.
    return int(any(bar.always and not bar.met(figures[bar.key]) for bar in judged))


if __name__ == "__main__":
    sys.exit(main())
