"""Ratings of clips as raters would give them, with what was planted known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from taver.core.clock import NS_PER_S
from taver.labels.trace import Clip, Dimension, Rated, Rating, Trace

GREEN = Path(__file__).resolve().parents[1] / "data" / "green-intensity-a"
START_NS = 1_770_000_000_000_000_000
STEP_NS = NS_PER_S // 10


def green():
    """Return the ten raters' traces of a real clip and the truth, 2664 frames at 10 Hz."""
    files = [GREEN / "annotations_10hz" / f"TaskA_ann{n}.csv" for n in range(1, 11)]
    columns = [_column(file) for file in files]
    truth = _column(GREEN / "objective_truth" / "TaskA_normalized_10hz.csv")
    frames = min(len(column) for column in [*columns, truth])
    return np.stack([column[:frames] for column in columns], axis=1), truth[:frames]


def _column(file):
    with file.open(newline="") as rows:
        return np.array([float(row["Data"]) for row in csv.DictReader(rows)])


def frame_times(frames, start_ns=START_NS):
    """Return the times of frames at 10 Hz."""
    return start_ns + np.arange(frames, dtype=np.int64) * STEP_NS


def wandering(rng, frames, wide_s=3.0):
    """Return a value that goes up and down as moods do, about -5 to 5."""
    width = int(wide_s * 10)
    noise = rng.normal(size=frames + 4 * width)
    smooth = np.convolve(noise, np.hanning(width), mode="same")[2 * width : 2 * width + frames]
    return 2.5 * smooth / smooth.std()


def late(rng, truth, lag_frames, noise=0.5):
    """Return what a rater says who follows the truth so many frames late, in whole points."""
    back = np.concatenate([np.full(lag_frames, truth[0]), truth])[: len(truth)]
    return np.clip(np.round(back + rng.normal(size=len(truth)) * noise), -10, 10)


def trace(values, times):
    """Return values at frames as the changes they are made of."""
    values = np.asarray(values, dtype=np.float64)
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    changes = np.concatenate([[True], ~same]) if len(values) else np.zeros(0, dtype=bool)
    return Trace(times[changes], values[changes])


def rating(name, arousal, valence, times, excluded=""):
    """Return one rater's rating of values at frames."""
    traces = {
        Dimension.AROUSAL: trace(arousal, times),
        Dimension.VALENCE: trace(valence, times),
    }
    return Rating(name, traces, excluded)


def clip_of(
    raters=3,
    *,
    name="s01-interview",
    session="s01",
    frames=1200,
    seed=1,
    wanted=3,
    start_ns=START_NS,
):
    """Return a clip that some raters rated, each with a lag and noise of their own."""
    rng = np.random.default_rng(seed)
    times = frame_times(frames, start_ns)
    truths = [wandering(rng, frames) for _ in Dimension]
    names = raters if isinstance(raters, (list, tuple)) else [f"P{n + 1}" for n in range(raters)]
    ratings = tuple(
        rating(one, *(late(rng, truth, 10 + 3 * n) for truth in truths), times)
        for n, one in enumerate(names)
    )
    return Rated(Clip(name, session, times), ratings, wanted, "interview")
