"""Every bench, one after the other, and one table of all their figures.

python tests/bench/all.py --json FILE [--quick] [--only NAME ...]

Each bench is a process of its own, as it is when it is run alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHES = sorted(path.stem for path in HERE.glob("*.py") if path.stem != Path(__file__).stem)


def main() -> int:
    """Run the benches, print the table, write the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", choices=BENCHES, action="append")
    given = arguments.parse_args()
    figures: dict[str, dict[str, float]] = {}
    failed: list[str] = []
    missed: list[str] = []
    for name in given.only or BENCHES:
        began_s = time.perf_counter()
        code, figures[name], missed_here = _run(name, quick=given.quick)
        missed += [f"{name}: {line}" for line in missed_here]
        if code:
            failed.append(name)
        print(f"{name}: {time.perf_counter() - began_s:.0f} s", file=sys.stderr, flush=True)
        if given.json:  # after each: an hour's figures survive whatever stops the next one
            given.json.write_text(json.dumps(figures, indent=2) + "\n")
    for name, found in figures.items():
        print(f"\n{name}" + (" FAILED" if name in failed else ""))
        for key, value in found.items():
            print(f"  {key:<32}{_shown(value):>14}")
    print("\n" + ("\n".join(["missed:", *missed]) if missed else "every bar is met"))
    return int(bool(failed))


def _run(name: str, *, quick: bool) -> tuple[int, dict[str, float], list[str]]:
    """Run one bench; return its exit code, its figures, and the bars it missed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        command = [sys.executable, str(HERE / f"{name}.py"), "--json", str(file)]
        done = subprocess.run(
            command + ["--quick"] * quick, stdout=subprocess.PIPE, text=True, check=False
        )
        found = json.loads(file.read_text()) if file.is_file() else {}
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    missed = [
        " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("MISSED")
    ]
    return done.returncode or int(not found), found, missed


def _shown(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
