"""Agreement against three other programs, and lags that were planted against those found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import others
import rated

from taver.labels import lags
from taver.labels.agreement import agreement

if TYPE_CHECKING:
    from pathlib import Path

_MOST_LAG_FRAMES = 30


def measured(quick: bool, folder: Path) -> dict[str, float | bool]:
    """Return the largest difference to the others, and the largest error of a lag in frames."""
    del folder
    values, truth = rated.green()
    tables = [values, *(_random(seed) for seed in range(3 if quick else 40))]
    found = agreement(values)
    return {
        "stats_max_error": max(_error(table) for table in tables),
        "stats_known_table": all(
            round(getattr(found, name), 4) == value for name, value in others.KNOWN.items()
        ),
        "lag_recovered_frames": max(_lag_error(seed, truth) for seed in range(4 if quick else 60)),
    }


def _random(seed: int) -> np.ndarray:
    """Return raters who agree more or less, far from zero or near it, with more or fewer gaps."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(30, 300)), int(rng.integers(2, 8))
    common = rng.normal(size=(shape[0], 1)) * rng.uniform(0.2, 3)
    table = common + rng.normal(size=shape) + rng.normal(size=shape[1]) + 20 * (seed % 5)
    table[rng.random(shape) < 0.03 * (seed % 8)] = np.nan
    return np.round(table * 5) / 5  # krippendorff takes memory by the square of distinct values


def _error(table: np.ndarray) -> float:
    found = agreement(table)
    return max(
        abs(float(getattr(found, name)) - value) for name, value in others.figures(table).items()
    )


def _lag_error(seed: int, green: np.ndarray) -> float:
    """Plant lags of 0.1 to 3 s on a wandering mood or the green film's truth; return the worst."""
    rng = np.random.default_rng(seed)
    truth = rated.wandering(rng, 2400) if seed % 2 else 20 * (green[:2400] - green.mean())
    planted = rng.integers(1, _MOST_LAG_FRAMES + 1, size=int(rng.integers(2, 7)))
    values = np.stack([rated.late(rng, truth, int(lag)) for lag in planted], axis=1)
    values[rng.random(values.shape) < 0.02 * (seed % 4)] = np.nan
    times = rated.frame_times(2400)
    absolute = 10 * lags.absolute(values, truth, times).seconds - planted
    relative = 10 * lags.relative(values, times).seconds - (planted - np.median(planted))
    return float(max(np.abs(absolute).max(), np.abs(relative).max()))
