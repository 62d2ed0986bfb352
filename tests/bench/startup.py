"""How long `taver --help` takes, against Python doing nothing, run in turn.

python tests/bench/startup.py --json FILE [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "help": [sys.executable, "-c", "from taver.cli.main import main; main()", "--help"],
    "bare": [sys.executable, "-c", "pass"],
}
BAR_S = 0.2


def main() -> int:
    """Run both in turn, print and write the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    given = arguments.parse_args()
    took_s: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(11 if given.quick else 41):
        for name, command in COMMANDS.items():
            began_s = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            took_s[name].append(time.perf_counter() - began_s)
            if name == "help":
                assert "Commands:" in done.stdout
    figures = {
        "help_s": statistics.median(took_s["help"]),
        "bare_python_s": statistics.median(took_s["bare"]),
        "help_vs_bare_python": statistics.median(
            a / b for a, b in zip(took_s["help"], took_s["bare"], strict=True)
        ),
    }
    for key, value in figures.items():
        print(f"{key:<24}{value:>10.3f}")
    print(f"{'met' if figures['help_s'] < BAR_S else 'MISSED':<8}help_s < {BAR_S}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
