"""Ratings that were made with another tool become clips, ratings and labels of a study.

    python examples/11_ratings_into_a_study.py [STUDY] [SESSION ...]

puts the interviews of these sessions before raters, writes what three made-up raters said of them
to `traces.csv`, takes that file in, and makes labels. To take in yours, write such a file, or
describe its columns (docs/annotate.md, --mapping). The commands are those of a terminal, called
from Python.
Needs the extra web.
"""

import contextlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import zarr

from taver.cli.main import run
from taver.core.errors import TaverError
from taver.core.study import Study

LATE_S = {"ann": 0.4, "ben": 0.6, "cho": 0.5}


def main(folder: Path, names: list[str]) -> None:
    """Add clips, import their ratings, fuse them."""
    with contextlib.chdir(Study(folder).folder):
        for name in names:
            taver("annotate", "add", "--session", name, "--phase", "interview")
        said_of(names).to_csv("traces.csv", index=False)
        taver("annotate", "import", "traces.csv")
        taver("annotate", "status")
        chosen = [word for name in names for word in ("--session", name)]
        taver("labels", *chosen, "--report", "labels.html")


def said_of(names: list[str]) -> pd.DataFrame:
    """Return made-up ratings: what the simulated person felt, seen late; a row a movement."""
    tables = []
    for name in names:
        felt = zarr.open_group(f"sessions/{name}/truth.zarr", mode="r")["color"]
        seconds = (felt["unix_ns"][:] - felt["unix_ns"][0]) / 1e9
        for rater, late_s in LATE_S.items():
            then = np.maximum(seconds - late_s, 0)
            table = {"clip": f"{name}-interview", "rater": rater, "time_s": seconds}
            for dimension in ("arousal", "valence"):
                values = np.interp(then, seconds, felt[dimension][:])
                table[dimension] = (10 * values).clip(-10, 10).round(1)
            tables.append(pd.DataFrame(table)[seconds < seconds[-1] - 0.6])
    return pd.concat(tables)


def taver(*words: str) -> None:
    """Run a command, and stop where it does."""
    print("$ taver", *words, flush=True)
    if code := run(list(words)):
        sys.exit(code)


if __name__ == "__main__":
    try:
        study = Path(sys.argv[1] if len(sys.argv) > 1 else "example-study")
        main(study, sys.argv[2:] or ["s01", "s02"])
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
