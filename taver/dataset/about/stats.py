"""How labels are distributed and how far raters agree: the paper's tables for one's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from taver.dataset.read import PARTS
from taver.labels.agreement import agreement

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from taver.dataset.read import Dataset, Recording

DIMENSIONS: Final = ("arousal", "valence")
BINS: Final = 20
EDGES: Final = tuple(float(edge) for edge in np.linspace(-1, 1, BINS + 1).round(6))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How much is in one part of the default split."""

    name: str
    people: int
    recordings: int
    slots: int
    labelled: int
    minutes: float


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """What raters said of one dimension; NaN where it cannot be told.

    As in the paper, each rater's values of a recording are first brought to a mean of zero; the
    figures of recordings are averaged by their length.
    """

    dimension: str
    recordings: int  # with two raters or more
    positive_percent: float
    mean_r: float
    cronbach_alpha: float
    mse: float
    icc_c1: float


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    parts: tuple[Part, ...]
    rated: tuple[Rated, ...]
    histograms: dict[str, tuple[int, ...]]  # of the fused labels, between EDGES
    mean: dict[str, float]
    deviation: dict[str, float]
    together: tuple[tuple[int, ...], ...]  # slots by arousal (rows) and valence, between EDGES


def stats(data: Dataset) -> Stats:
    """Return how much there is and how it was rated."""
    recordings = list(data.recordings.values())
    fused = {name: _joined(recordings, name) for name in DIMENSIONS}
    known = np.isfinite(fused["arousal"]) & np.isfinite(fused["valence"])
    together = np.histogram2d(fused["arousal"][known], fused["valence"][known], (EDGES, EDGES))[0]
    return Stats(
        parts=tuple(_parts(data)),
        rated=tuple(_rated(recordings, name) for name in DIMENSIONS),
        histograms={
            name: tuple(np.histogram(values[np.isfinite(values)], EDGES)[0].tolist())
            for name, values in fused.items()
        },
        mean={name: _of(np.nanmean, values) for name, values in fused.items()},
        deviation={name: _of(np.nanstd, values) for name, values in fused.items()},
        together=tuple(tuple(row) for row in together.astype(int).tolist()),
    )


def bars(counts: Iterable[int]) -> str:
    """Return a histogram as one line of blocks, for a terminal."""
    counts = list(counts)
    highest = max(counts, default=0) or 1
    return "".join(" ▁▂▃▄▅▆▇█"[-(-count * 8 // highest)] for count in counts)


def _parts(data: Dataset) -> list[Part]:
    split = data.splits.get("default", {})
    named = {part: data.part(part) for part in PARTS if part in split}
    named["all"] = tuple(data.recordings.values())
    return [
        Part(
            name=name,
            people=len({recording.participant for recording in some}),
            recordings=len(some),
            slots=sum(recording.slots for recording in some),
            labelled=sum(int(np.isfinite(r.column("valence")).sum()) for r in some),
            minutes=sum(recording.slots for recording in some) / data.rate_hz / 60,
        )
        for name, some in named.items()
    ]


def _rated(recordings: list[Recording], dimension: str) -> Rated:
    figures: dict[str, list[tuple[float, int]]] = {}
    several = 0
    for recording in recordings:
        values = recording.column(f"{dimension}_raters").astype(np.float64)
        if values.shape[1] < 2 or not np.isfinite(values).any():
            continue
        several += 1
        with np.errstate(invalid="ignore"):
            centred = values - _column_means(values)
        found = agreement(centred, recording.raters)
        for name in ("positive_percent", "mean_r", "cronbach_alpha", "mse", "icc_c1"):
            value = getattr(found, name)
            if np.isfinite(value):
                figures.setdefault(name, []).append((float(value), found.frames))
    return Rated(
        dimension=dimension,
        recordings=several,
        **{
            name: _weighted(figures.get(name, []))
            for name in ("positive_percent", "mean_r", "cronbach_alpha", "mse", "icc_c1")
        },
    )


def _column_means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    said = np.isfinite(values)
    count = np.maximum(said.sum(axis=0), 1)
    means: npt.NDArray[np.float64] = np.where(said, values, 0.0).sum(axis=0) / count
    return means


def _weighted(pairs: list[tuple[float, int]]) -> float:
    frames = sum(count for _, count in pairs)
    return sum(value * count for value, count in pairs) / frames if frames else float("nan")


def _joined(recordings: list[Recording], name: str) -> npt.NDArray[np.float32]:
    every = [recording.column(name) for recording in recordings]
    return np.concatenate(every) if every else np.empty(0, np.float32)


def _of(figure: object, values: npt.NDArray[np.float32]) -> float:
    known = values[np.isfinite(values)].astype(np.float64)
    return float(figure(known)) if len(known) and callable(figure) else float("nan")
