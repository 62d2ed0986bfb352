"""How right, fast and safe the annotator is, and the labels made with it.

python tests/bench/annotate.py --json FILE [--quick]

Each module of tests/bench/annotating measures some keys: a served process under load and under
kill -9, Debian's Chromium, and the figures of agreement against other people's programs. Times of
acknowledgement and painting want a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
# Files here are called as packages are; this folder has to come behind those. Processes that are
# spawned come past here again.
_HERE = Path(__file__).resolve().parent
_BEHIND = [str(_HERE.parent / "support")]
sys.path[:] = [*(part for part in sys.path if part not in {str(_HERE), *_BEHIND}), *_BEHIND]
_PARTS = _HERE / "annotating"  # tests/support has a module of that name, so not a package

BARS = {
    "frame_right": (0.99, "min"),
    "stamp_error_ms": (5.0, "max"),
    "seek_p95_ms": (150.0, "max"),
    "input_to_paint_p95_ms": (33.0, "max"),
    "ack_p95_ms": (50.0, "max"),
    "ack_p95_200_ms": (150.0, "max"),
    "load_errors": (0, "is"),
    "server_kill_lost": (0, "is"),
    "server_kill_doubled": (0, "is"),
    "browser_kill_lost": (0, "is"),
    "offline_lost": (0, "is"),
    "overassigned": (0, "is"),
    "access_holes": (0, "is"),
    "axe_violations": (0, "is"),
    "stats_max_error": (1e-9, "max"),
    "stats_known_table": (True, "is"),
    "lag_recovered_frames": (1.0, "max"),
}
# A busy machine may miss a speed; all else has to hold anywhere.
SPEEDS = {"seek_p95_ms", "input_to_paint_p95_ms", "ack_p95_ms", "ack_p95_200_ms", "stamp_error_ms"}


def measured(quick: bool, folder: Path, only: str = "") -> dict[str, Any]:
    """Return the figures of all parts, or of the one called `only`."""
    figures: dict[str, Any] = {}
    for path in sorted(_PARTS.glob("*.py")):
        if only and path.stem != only:
            continue
        part = _part(path)
        if not hasattr(part, "measured"):
            continue  # something that parts share
        inside = folder / path.stem
        inside.mkdir()
        figures |= part.measured(quick, inside)
    return figures


def _part(path: Path) -> Any:
    name = f"bench_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # what is pickled there is looked for by this name
    spec.loader.exec_module(made)
    return made


def main() -> int:
    """Measure, print and write the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", default="", metavar="PART")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(given.quick, Path(folder), given.only)
    wrong = False
    for key, value in figures.items():
        bar, sense = BARS.get(key, (None, ""))
        if bar is None:
            print(f"{'':<8}{key:<24}{value!s:>12}")
            continue
        met = value >= bar if sense == "min" else value <= bar if sense == "max" else value == bar
        wrong |= key not in SPEEDS and not met
        sign = {"min": ">=", "max": "<=", "is": "=="}[sense]
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        print(f"{'met' if met else 'MISSED':<8}{key:<24}{shown:>12}  {sign} {bar}")
    for key in sorted(set(BARS) - set(figures)) if not given.only else ():
        print(f"{'NONE':<8}{key:<24}")
        wrong = True
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
