"""How right, fast and safe the annotator is, and the labels made with it.

python tests/bench/annotate.py --json FILE [--quick]

Each module of tests/bench/annotating measures some keys: a served process under load and under
kill -9, Debian's Chromium, and the figures of agreement against other people's programs. Times of
acknowledgement and painting want a machine that has nothing else to do.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

_PARTS = Path(__file__).resolve().parent / "annotating"  # tests/support has a module of that name

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
    asked = benching.arguments(__doc__)
    asked.add_argument("--only", default="", metavar="PART")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(given.quick, Path(folder), given.only)
    return benching.report(given, figures, BARS, may_miss=SPEEDS, whole=not given.only)


if __name__ == "__main__":
    sys.exit(main())
