"""Raters' traces from a table of your own: how well they agree, and one trace of all of them.

    python examples/10_agreement.py [RATINGS.csv]

The table has a column `seconds`, even steps, and a column for each rater; an empty cell says
nothing. Where none is given, made-up ratings of a minute are written to `ratings.csv` first: four
people who see the same, late by a second or two, each with a noise of their own. Then the truth is
known, and each way to fuse them is held against it. Needs no extra.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from taver.core.errors import TaverError
from taver.labels import lags
from taver.labels.agreement import agreement
from taver.labels.fuse import Fusion, fuse

LATE_S = {"ann": 1.0, "ben": 1.5, "cho": 2.2, "dia": 1.4}


def main(path: Path | None) -> None:
    """Read the table, tell the figures, fuse."""
    if path is not None and not path.is_file():
        sys.exit(f"there is no file {path}")
    table = pd.read_csv(path or made_up(Path("ratings.csv")))
    if "seconds" not in table:
        sys.exit(f"{path} has no column `seconds`, but {', '.join(table.columns)}")
    unix_ns = np.rint(table["seconds"].to_numpy() * 1e9).astype(np.int64)
    values = table.drop(columns="seconds")
    names = list(values.columns)

    found = agreement(values.to_numpy(), names)
    print(f"{found.raters} raters, {found.frames} rows, {found.complete} of them rated by all")
    for figure in ("cronbach_alpha", "mean_r", "icc_a1", "ccc", "krippendorff_alpha"):
        print(f"  {figure:20} {getattr(found, figure):6.3f} {found.why.get(figure, '')}")
    late = lags.relative(values.to_numpy(), unix_ns)
    for name, seconds in zip(names, late.seconds, strict=True):
        print(f"  {name} reacts {seconds:+.1f} s later than the median rater")

    fused = pd.DataFrame({"seconds": table["seconds"]})
    for how in Fusion:
        fused[how.value] = fuse(values.to_numpy(), how, names=names, unix_ns=unix_ns).values
    fused.to_csv("fused.csv", index=False)
    print("fused.csv")
    if path is None:
        true = truth(table["seconds"].to_numpy())
        for how in Fusion:
            r = pd.Series(true).corr(fused[how.value])
            print(f"  {how.value:20} correlates {r:.3f} with what is so")


def truth(seconds: np.ndarray) -> np.ndarray:
    """Return what the made-up raters see: slow waves, on a scale of -10 to 10."""
    return 5 * np.sin(seconds / 4) + 3 * np.cos(seconds / 9)


def made_up(path: Path) -> Path:
    """Write the made-up table."""
    random, seconds = np.random.default_rng(4), np.arange(0, 60, 0.1)
    table = {"seconds": seconds.round(1)}
    for name, late_s in LATE_S.items():
        held = np.repeat(random.normal(0, 1, len(seconds) // 10), 10)  # a second each
        said = (truth(seconds - late_s) + held).clip(-10, 10).round()
        table[name] = np.where(seconds < late_s, np.nan, said)
    pd.DataFrame(table).to_csv(path, index=False)
    return path


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
