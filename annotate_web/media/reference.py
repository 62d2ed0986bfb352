"""The trace that a practice clip is compared with, out of a file that somebody gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from annotate_web.events.practice import judge
from annotate_web.exchange import mapping, read
from annotate_web.media.slots import PERIOD_NS
from taver.core.clock import NS_PER_S
from taver.core.errors import InputError
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    import numpy.typing as npt

WITHIN: Final = 3.0  # points, on average, if nothing else is said
_LEAST: Final = 0.75  # of a clip's frames; lags of reaction take some of them away
_LONGEST_S: Final = 24 * 3600


class Reference(NamedTuple):
    """How a practice clip should be rated: values from moments on, and how far off is well."""

    seconds: npt.NDArray[np.float64]
    arousal: npt.NDArray[np.float64]
    valence: npt.NDArray[np.float64]
    within: float

    def refuse_short(self, frames: int, rate_hz: int) -> None:
        """Raise if it says too little of a clip for anybody to be compared with it."""
        kept = self.at(frames, rate_hz)
        share = min(sum(v is not None for v in kept[d]) / max(1, frames) for d in Dimension)
        if share < _LEAST:
            raise InputError(
                f"The reference has values for {share:.0%} of the clip's {frames} frames",
                fix=f"it needs {_LEAST:.0%}, and its time counts from the clip's start",
            )

    def refuse_easy(self, frames: int, rate_hz: int) -> None:
        """Raise if whoever moves no slider would have practised well."""
        still = dict.fromkeys(Dimension, np.zeros(frames))
        times = np.arange(frames, dtype=np.int64) * PERIOD_NS
        verdict = judge(self.at(frames, rate_hz), still, times)
        if verdict.passed:
            away = max(off for off in verdict.off.values() if off is not None)
            raise InputError(
                f"Whoever moves no slider would pass: {away:.1f} points away from the reference, "
                f"and {self.within:g} are allowed",
                fix="allow fewer (FILE@POINTS), or give a clip in which more happens",
            )

    def at(self, frames: int, rate_hz: int) -> dict[str, Any]:
        """Return it a value a frame, as it is kept; None where it says nothing."""
        moments = np.arange(frames) / rate_hz
        place = np.searchsorted(self.seconds, moments + 1e-9, side="right") - 1

        def held(values: npt.NDArray[np.float64]) -> list[float | None]:
            return [
                None if p < 0 or np.isnan(values[p]) else float(values[p]) for p in place.tolist()
            ]

        return {
            "arousal": held(self.arousal), "valence": held(self.valence), "within": self.within,
        }  # fmt: skip


def given(text: str) -> Reference:
    """Return what `FILE` or `FILE@POINTS` means: columns time_s, arousal and valence."""
    name, at, points = ("", "", "") if Path(text).is_file() else text.rpartition("@")
    path = Path(name if at else text)
    within = _points(points) if at else WITHIN
    # Any length will do: what is behind the clip's end is not looked at.
    frames = np.arange(_LONGEST_S * NS_PER_S // PERIOD_NS, dtype=np.int64) * PERIOD_NS
    clip = read.Wanted("it", frames)
    (found,) = read.traces(path, mapping.OWN, {"it": clip}, clip="it", rater="reference")
    missing = [str(d) for d in Dimension if d not in found.values]
    if missing:
        raise InputError(
            f"{path} has no column {' and '.join(missing)}",
            fix="a reference has the columns time_s, arousal and valence",
        )
    return Reference(
        found.unix_ns / NS_PER_S,
        found.values[Dimension.AROUSAL],
        found.values[Dimension.VALENCE],
        within,
    )


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = 0.0
    if not 0 < points <= 20:
        raise InputError(
            f"{text!r} is no distance on the scale", fix="give points, for example FILE@3"
        )
    return points
