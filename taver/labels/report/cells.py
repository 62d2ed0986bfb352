"""How the page writes figures: by name, rounded, "-" where there is none, never over two lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from taver.labels.report.plots import ACCEPTABLE, GOOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from taver.labels.bootstrap import Interval

NAMES: Final = {
    "positive_percent": "positive values, %",
    "mean_r": "mean correlation",
    "cronbach_alpha": "Cronbach's alpha",
    "mse": "MSE (points²)",
    "ccc": "CCC",
    "icc_a1": "ICC(A,1)",
    "icc_c1": "ICC(C,1)",
    "icc_ak": "ICC(A,k)",
    "icc_ck": "ICC(C,k)",
    "krippendorff_alpha": "Krippendorff's alpha",
}
STAY: Final = "\u00a0"  # a space at which no line breaks


def number(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with so many digits behind the point."""
    if math.isnan(value):
        return "-"
    return f"{round(value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"


def digits(figure: str) -> int:
    """Return with how many digits a figure of agreement is told."""
    return 2 if figure == "positive_percent" else 4


def between(interval: Interval, digits: int) -> str:
    """Return an interval in words."""
    if math.isnan(interval.low):
        return "-"
    return f"{interval.low:.{digits}f}{STAY}to{STAY}{interval.high:.{digits}f}"


def many(count: int, what: str) -> str:
    """Return how many there are, in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def band(alpha: float) -> str:
    """Return what an alpha is called."""
    if math.isnan(alpha):
        return ""
    if alpha > GOOD:
        return "good"
    return "acceptable" if alpha > ACCEPTABLE else "low"


def share(flags: npt.NDArray[Any]) -> str:
    """Return how many percent are true."""
    return f"{100.0 * float(flags.mean()):.1f}" if flags.size else "-"


def mean(values: Sequence[float]) -> float:
    """Return the mean of those that are there."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else float("nan")
