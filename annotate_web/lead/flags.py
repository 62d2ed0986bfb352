"""What is odd about a rating: told to whoever leads, and never acted on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from annotate_web.events.replay import changes
from annotate_web.media.slots import RATE_HZ
from taver.labels.trace import HIGHEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Thresholds(NamedTuple):
    """From where on something is odd; each is written beside what it found."""

    flat_points: float = 1.0  # all values lie this near to one another
    inactive_s: float = 45.0  # nothing moved for so long
    inactive_share: float = 0.5  # and that is so much of the clip, if it is a short one
    saturated_share: float = 0.25  # of the frames at an end of the scale
    dropped_share: float = 0.02  # of the frames that the browser did not show
    lag_ms: float = 250.0  # from the picture's presentation to the browser's notice of it
    unrated_share: float = 0.1
    apart_points: float = 5.0  # from most of the others, on average over the frames
    least_r: float = 0.0  # correlation with most of the others


class Noticed(NamedTuple):
    """What the browser and the annotator told of themselves during a clip."""

    dropped: int = 0  # frames that were not presented
    worst_lag_ms: float = 0.0
    refused: int = 0  # events that could not be taken
    unseen: int = 0  # frames that were passed while the face was marked as not visible
    passed: int = 0  # frames, each as often as it was passed


# What is told of each kind; the catalogue of a language has the same as lead.flag_<kind>.
WORDS: Final = {
    "flat": "{dimension} stays at {span} all the time",
    "inactive": "{dimension} does not move for {seconds} s",
    "saturated": "{dimension} is at an end of the scale {share} of the time",
    "apart": "{dimension} is {points} points or more from most of the others, on average",
    "against": "{dimension} goes against most of the others: r = {r} or less",
    "empty": "no frame has a value",
    "gaps": "{share} of the frames have no value",
    "dropped": "the browser did not show {frames} frames ({share})",
    "lag": "pictures came up to {ms} ms late",
    "refused": "{events} events could not be taken",
}


class Flag(NamedTuple):
    """Something odd: which kind, and what is said of it."""

    kind: str
    figures: Mapping[str, str]

    @property
    def told(self) -> str:
        """Say it in English."""
        return WORDS[self.kind].format(**self.figures)


_USUAL: Final = Thresholds()
_FEWEST: Final = 2 * RATE_HZ  # frames; of less nothing is said


def flags_of(
    values: Mapping[Dimension, Floats],
    others: Mapping[Dimension, Floats],
    noticed: Noticed,
    thresholds: Thresholds = _USUAL,
) -> list[Flag]:
    """Return what is odd; `values` has one a frame, `others` a column of each other rater."""
    found: list[Flag] = []
    for dimension in Dimension:
        mine = values[dimension]
        found += _of_values(mine, dimension, thresholds)
        found += _of_others(mine, others[dimension], dimension, thresholds)
    found += _of_gaps(values, noticed, thresholds)
    found += _of_browser(len(values[Dimension.AROUSAL]), noticed, thresholds)
    return found


def _of_values(mine: Floats, dimension: Dimension, most: Thresholds) -> Iterator[Flag]:
    said = mine[np.isfinite(mine)]
    if len(said) < _FEWEST:
        return
    spread = float(np.ptp(said))
    if spread <= most.flat_points:
        span = f"{said.min():g}" if spread == 0 else f"{said.min():g} to {said.max():g}"
        yield Flag("flat", {"dimension": dimension, "span": span})
    else:
        still_s = _longest_still(mine) / RATE_HZ
        if still_s >= min(most.inactive_s, most.inactive_share * len(mine) / RATE_HZ):
            yield Flag("inactive", {"dimension": dimension, "seconds": f"{still_s:.0f}"})
    share = float((np.abs(said) >= HIGHEST).mean())
    if share >= most.saturated_share:
        yield Flag("saturated", {"dimension": dimension, "share": f"{share:.0%}"})


def _of_others(
    mine: Floats, others: Floats, dimension: Dimension, most: Thresholds
) -> Iterator[Flag]:
    """Compare with each of the others, and go by most of them.

    One who is far out would draw a mean of two, or a median, away from everybody else. More than
    half have to be that far away: where two stand against two, all four are told.
    """
    if others.ndim != 2:
        return
    apart, r = [], []
    for other in others.T:
        both = np.isfinite(mine) & np.isfinite(other)
        if both.sum() < _FEWEST:
            continue
        x, y = mine[both], other[both]
        apart.append(float(np.abs(x - y).mean()))
        if np.ptp(x) > 0 and np.ptp(y) > 0:
            r.append(float(np.corrcoef(x, y)[0, 1]))
    # What more than half of them reach: of two both, of three two, of four three.
    if apart and (least := sorted(apart)[(len(apart) - 1) // 2]) >= most.apart_points:
        yield Flag("apart", {"dimension": dimension, "points": f"{least:.1f}"})
    if r and (highest := sorted(r)[len(r) // 2]) < most.least_r:
        yield Flag("against", {"dimension": dimension, "r": f"{highest:.2f}"})


def _of_gaps(
    values: Mapping[Dimension, Floats], noticed: Noticed, most: Thresholds
) -> Iterator[Flag]:
    shares = [float(np.isnan(v).mean()) if len(v) else 1.0 for v in values.values()]
    # What another tool did not ask for is no gap, and a face that cannot be seen is judged so.
    missing = [
        share - noticed.unseen / len(values[Dimension.AROUSAL]) for share in shares if share < 1.0
    ]
    if not missing:
        yield Flag("empty", {})
    elif np.mean(missing) >= most.unrated_share:
        yield Flag("gaps", {"share": f"{np.mean(missing):.0%}"})


def _of_browser(frames: int, noticed: Noticed, most: Thresholds) -> Iterator[Flag]:
    # Who goes over a clip twice has twice as many frames to lose.
    shown = max(frames, noticed.passed)
    if shown and noticed.dropped / shown >= most.dropped_share:
        share = f"{noticed.dropped / shown:.1%}"
        yield Flag("dropped", {"frames": str(noticed.dropped), "share": share})
    if noticed.worst_lag_ms >= most.lag_ms:
        yield Flag("lag", {"ms": f"{noticed.worst_lag_ms:.0f}"})
    if noticed.refused:
        yield Flag("refused", {"events": str(noticed.refused)})


def _longest_still(values: Floats) -> int:
    """Return how many frames in a row had one value, at most; a gap ends it."""
    starts = changes(values)
    lengths = np.diff(np.concatenate([starts, [len(values)]]))
    return int(lengths[np.isfinite(values[starts])].max())
