"""What every bench does besides measuring: where it finds what it needs, and how it is judged."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# What a figure has to be: a bound and its sense, or nothing to be at all.
Bars = dict[str, tuple[Any, str]]
_SIGNS = {"min": ">=", "max": "<=", "is": "==", "within": "in"}


def alone(file: str) -> None:
    """Let a bench run in one thread, and find the packages before what lies beside it.

    Files there are called as packages are; what is beside it and in tests/support comes behind.
    Processes that it spawns come past here again.
    """
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    here = Path(file).resolve().parent
    behind = [str(here), str(here.parent / "support")]
    sys.path[:] = [*(part for part in sys.path if str(Path(part).resolve()) not in behind), *behind]


def arguments(told: str | None) -> argparse.ArgumentParser:
    """Return what every bench can be asked."""
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true")
    return parser


def report(
    given: argparse.Namespace,
    figures: Mapping[str, Any],
    bars: Bars,
    *,
    may_miss: Collection[str] = (),
    whole: bool = True,
) -> int:
    """Print the figures beside their bars, write the JSON; return 1 where one has to hold and not.

    `may_miss` are speeds, which a busy machine does not reach; without `whole` some of the figures
    were not asked for.
    """
    wrong = False
    for key, (bar, sense) in bars.items():
        if figures.get(key) is None:
            if whole:
                _print("NONE", key, "", "not measured here")
                wrong |= key not in may_miss
        elif bar is None:
            _print("", key, figures[key])
        else:
            met = _met(figures[key], bar, sense)
            wrong |= key not in may_miss and not met
            _print("met" if met else "MISSED", key, figures[key], f"{_SIGNS[sense]} {bar}")
    for key in sorted(figures.keys() - bars.keys()):
        _print("", key, figures[key])
    if given.json:
        given.json.write_text(json.dumps(dict(figures), indent=2) + "\n")
    return int(wrong)


def _met(value: Any, bar: Any, sense: str) -> bool:
    """Tell whether a figure is as it should be; one that is no number is not."""
    if sense == "within":
        return bool(bar[0] <= value <= bar[1])
    return bool(
        value >= bar if sense == "min" else value <= bar if sense == "max" else value == bar
    )


def _print(word: str, key: str, value: Any, more: str = "") -> None:
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    print(f"{word:<8}{key:<28}{shown:>12}  {more}".rstrip())
